import type { LiveStreamView } from '../api/live-control.ts';

/** What is known where a broadcast is made, as plain data for whoever shows it: only its viewers are counted elsewhere. */
export type LiveFacts = Omit<LiveStreamView, 'viewers'>;

/** A broadcast that is to wait for its publisher. */
export interface Announcement {
  readonly id: string;
  readonly channel: string;
  /** Of the key it is announced with. */
  readonly keyId: string | undefined;
}

/** Begins and ends broadcasts, wherever they are made. */
export interface BroadcastOrders {
  /** Throws STREAM_ALREADY_ANNOUNCED and STREAM_ANNOUNCED_LIMIT. */
  announce(announcement: Announcement): Promise<void>;
  /** By an operator. False when no such stream runs here. */
  stopStream(streamId: string): Promise<boolean>;
}
