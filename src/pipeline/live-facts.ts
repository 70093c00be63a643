import type { RenditionView } from '../contract/api.ts';

/** What is known where a broadcast is made, as plain data for whoever shows it. */
export interface LiveFacts {
  readonly streamId: string;
  readonly channel: string;
  readonly keyId?: string | undefined;
  readonly interruptedSinceMs?: number | undefined;
  /** Absent while nobody publishes. */
  readonly ingest?:
    | {
        readonly bitrateBps: number;
        readonly encoder: string;
        readonly remoteAddress: string;
        readonly frames: number;
        readonly dropped: number;
      }
    | undefined;
  readonly renditions: readonly RenditionView[];
  /** What the broadcaster should know, in plain words. */
  readonly warnings: readonly string[];
}

/** Ends broadcasts, wherever they are made. */
export type StopStream = (streamId: string, reason: 'operator' | 'key_revoked') => Promise<boolean>;
