import type { StreamctlError } from '../base/errors.ts';
import type { StreamEndReason, StreamState } from '../contract/stream-state.ts';
import type { PublisherConnection } from './publication.ts';

/** What happened to a stream, for the event log, the store and whoever else must know. */
export type StreamChange =
  | { readonly type: 'started'; readonly connection: PublisherConnection }
  | { readonly type: 'interrupted' }
  | { readonly type: 'resumed'; readonly connection: PublisherConnection }
  | { readonly type: 'replaced'; readonly connection: PublisherConnection }
  /** A publisher was sent away before anybody saw its broadcast, which waits for one that does better. */
  | { readonly type: 'refused'; readonly error: StreamctlError }
  | {
      readonly type: 'ended';
      readonly state: StreamState;
      readonly reason: StreamEndReason;
      /** What the publisher did wrong. */
      readonly error?: StreamctlError | undefined;
    };
