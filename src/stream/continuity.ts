import type { TrackConfig } from '../media/track.ts';
import type { MeasuredBitrate } from './feed.ts';

/**
 * What the packager of a stream must continue with after the process that ran it is gone, so that no playlist goes back on
 * its word: numbers only grow, target durations stay, no URI is used twice.
 */
export interface Continuity {
  readonly availabilityStartMs: number;
  readonly targetDurationSeconds: number;
  readonly partTargetMs: number;
  readonly nextMsn: number;
  readonly discontinuitySequence: number;
  /** Stream time up to which there is media, ms. */
  readonly endMs: number;
  readonly renditions: readonly RenditionContinuity[];
}

/** After a crash this many segments may have been listed that nobody wrote down. */
const lostSegments = 3;

/** Where a packager goes on when the last that is known was written down up to a second before the end. */
export function afterLoss(continuity: Continuity): Continuity {
  return {
    ...continuity,
    nextMsn: continuity.nextMsn + lostSegments,
    // One may have begun among the lost ones.
    discontinuitySequence: continuity.discontinuitySequence + 1,
  };
}

export interface RenditionContinuity {
  readonly name: string;
  readonly config: TrackConfig;
  readonly timescale: number;
  readonly initVersion: number;
  readonly decodeDelayTicks: number;
  readonly frameRate?: number;
  readonly measured?: MeasuredBitrate;
}
