/**
 * The life of a stream: from each state, to which states, for which reasons. An interrupted stream is still ACTIVE.
 * ENDED_GRACEFULLY and ERROR are final.
 */
export const streamTransitions = {
  PENDING_INGEST: {
    /** The first keyframe arrived. */
    ACTIVE: [],
    /** DELETE before anybody published. */
    ENDED_GRACEFULLY: ['cancelled'],
    ERROR: ['no_publisher', 'key_revoked'],
  },
  ACTIVE: {
    /** The publisher said goodbye, or an operator stopped the stream. */
    ENDED_GRACEFULLY: ['publisher', 'operator'],
    ERROR: ['publisher_lost', 'key_revoked', 'policy', 'input'],
  },
  ENDED_GRACEFULLY: {},
  ERROR: {},
} as const satisfies Record<string, Partial<Record<string, readonly string[]>>>;

export type StreamState = keyof typeof streamTransitions;
export const streamEndReasons = [
  'cancelled',
  'no_publisher',
  'publisher',
  'operator',
  'publisher_lost',
  'key_revoked',
  'policy',
  'input',
] as const;
export type StreamEndReason = (typeof streamEndReasons)[number];

export const streamStates = Object.keys(streamTransitions) as readonly StreamState[];
export const liveStates: readonly StreamState[] = ['PENDING_INGEST', 'ACTIVE'];

/** Whether the table has the step; `reason` is null for a step that needs none. */
export function isTransitionLegal(from: StreamState, to: StreamState, reason: StreamEndReason | null): boolean {
  const steps: Partial<Record<StreamState, readonly string[]>> = streamTransitions[from];
  const reasons = steps[to];
  if (reasons === undefined) return false;
  return reason === null ? reasons.length === 0 : reasons.includes(reason);
}
