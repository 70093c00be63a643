import type { Actor } from '../access/actor.ts';
import type { LadderView } from '../contract/ladder-view.ts';
import type { StreamState } from '../contract/stream-state.ts';
import type { RenditionView } from '../contract/streams.ts';
import type { StreamFinding } from '../doctor/broadcast/stream-finding.ts';
import type { SpanContext } from '../tracing/trace-context.ts';

/** How regularly a publisher sends; undefined: nobody can tell yet. */
export interface IngestRhythm {
  /** Of the last second. */
  readonly fps: number;
  readonly keyframeIntervalMs: number | undefined;
  /** By how much sound is ahead of the picture, against how it began. */
  readonly avDriftMs: number | undefined;
  readonly jitterMs: number | undefined;
}

/** A stream that has a publisher, or waits for one to come back, as the API shows it. */
export interface LiveStreamView {
  readonly streamId: string;
  readonly channel: string;
  readonly state: StreamState;
  readonly viewers: number;
  readonly renditions: readonly RenditionView[];
  readonly interruptedSinceMs?: number | undefined;
  /** Absent while nobody publishes. */
  readonly ingest?:
    | {
        readonly bitrateBps: number;
        readonly encoder: string;
        readonly remoteAddress: string;
        /** Wall clock. */
        readonly connectedAtMs: number;
        readonly frames: number;
        readonly dropped: number;
        readonly rhythm?: IngestRhythm | undefined;
      }
    | undefined;
  /** Null where nothing is to be transcoded. */
  readonly ladder: LadderView | null;
  /** What the broadcaster should know, and what is well. */
  readonly findings: readonly StreamFinding[];
}

export interface LiveStatus {
  readonly publishers: number;
  readonly viewers: number;
  /** Playback requests answered since the start. */
  readonly requestsTotal: number;
  readonly warnings: readonly string[];
}

/** A broadcast that is to wait for its publisher, and who announces it. */
export interface AnnounceOrder {
  /** Of the new stream. */
  readonly id: string;
  readonly channel: string;
  readonly actor: Actor;
  /** Of the key it is announced with. */
  readonly keyId?: string | undefined;
  /** The span that causes it, which the broadcast's trace goes on with. */
  readonly caller?: SpanContext | undefined;
}

/** What the API needs from the running server. */
export interface LiveControl {
  list(): readonly LiveStreamView[];
  get(idOrChannel: string): LiveStreamView | undefined;
  /**
   * Makes a broadcast that waits for its publisher; resolves when the store knows. Throws STREAM_ALREADY_ANNOUNCED when the channel
   * has a broadcast, and STREAM_ANNOUNCED_LIMIT.
   */
  announce(order: AnnounceOrder): Promise<void>;
  /** Sends the publisher away and ends the stream; resolves when the store knows. False when no such stream runs here. */
  stop(idOrChannel: string, actor: Actor): Promise<boolean>;
  status(): LiveStatus;
}
