import type { LiveStreamView } from '../api/live-control.ts';

/** What is known where a broadcast is made, as plain data for whoever shows it: only its viewers are counted elsewhere. */
export type LiveFacts = Omit<LiveStreamView, 'viewers'>;

/** Begins and ends broadcasts, wherever they are made. */
export interface BroadcastOrders {
  /** Gives the id of the new stream. Throws STREAM_ALREADY_ANNOUNCED and STREAM_ANNOUNCED_LIMIT. */
  announce(channel: string, keyId: string | undefined): Promise<string>;
  /** By an operator. False when no such stream runs here. */
  stopStream(streamId: string): Promise<boolean>;
}
