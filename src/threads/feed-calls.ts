import type { WireMessage, WireSnapshot } from './wire-feed.ts';

/** What the media thread tells a delivery thread, over a port of their own. */
export type FeedCalls = {
  slabOpened(id: number, buffer: SharedArrayBuffer): void;
  slabSealed(id: number): void;
  feed(messages: readonly WireMessage[]): void;
  restore(snapshots: readonly WireSnapshot[]): void;
  memoryGivenUp(): void;
};

/** What the delivery thread tells back. */
export type FeedReports = {
  slabUnused(id: number): void;
  /** A rendition that is made on demand is asked for. */
  wanted(streamId: string, rendition: string): void;
};
