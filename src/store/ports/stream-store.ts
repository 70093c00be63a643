import type { StreamEndReason, StreamState } from '../../contract/stream-state.ts';
import type { NewEvent } from './event-store.ts';
import type { JsonValue } from './json-value.ts';

/** A track of the publisher, as far as people want to know. */
export interface TrackSummary {
  readonly kind: 'video' | 'audio';
  /** RFC 6381. */
  readonly codec: string;
  readonly widthPixels?: number | undefined;
  readonly heightPixels?: number | undefined;
  readonly fps?: number | undefined;
  readonly sampleRateHz?: number | undefined;
  readonly channelCount?: number | undefined;
  readonly bitrateBps?: number | undefined;
}

export interface StreamRow {
  readonly id: string;
  readonly channel: string;
  readonly keyId: string | null;
  readonly state: StreamState;
  readonly reason: StreamEndReason | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly interruptedSinceMs: number | null;
  readonly tracks: readonly TrackSummary[];
  readonly ladder: readonly string[];
  readonly node: string;
  /** Of the broadcast's trace: 32 hexadecimal digits (W3C Trace Context §3.2.2.3). */
  readonly traceId: string | null;
  /** What the stream must continue with after a restart; its owner knows the shape. */
  readonly continuity: JsonValue;
}

export type StreamPatch = Partial<Omit<StreamRow, 'id' | 'channel' | 'createdAtMs'>>;

export interface StreamFilter {
  readonly state?: StreamState | undefined;
  readonly channel?: string | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface StreamStore {
  create(stream: StreamRow, event: NewEvent): Promise<void>;
  /**
   * Changes the row and writes the event, both or neither; resolves with the row as it is now.
   * Throws STREAM_UNKNOWN, and STREAM_TRANSITION_ILLEGAL when `patch.state` is not a step of the state table.
   */
  transition(id: string, patch: StreamPatch, event: NewEvent): Promise<StreamRow>;
  saveContinuity(entries: readonly { readonly streamId: string; readonly continuity: JsonValue }[]): Promise<void>;
  /** By id, or by channel name: then the channel's newest stream. */
  find(idOrChannel: string): Promise<StreamRow | undefined>;
  /** Newest first. */
  list(filter: StreamFilter): Promise<{ readonly items: readonly StreamRow[]; readonly nextCursor: string | null }>;
  /** Those that have not ended, oldest first. */
  active(): Promise<readonly StreamRow[]>;
}
