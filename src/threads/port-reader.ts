import type { MessagePort } from 'node:worker_threads';
import type { StreamSnapshot } from '../delivery/delivered-stream.ts';
import type { FeedMessage } from '../stream/feed.ts';
import type { FeedCalls } from './feed-calls.ts';
import type { FeedHub, FeedReader } from './feed-hub.ts';
import { ThreadLink } from './thread-link.ts';
import { messageToWire, snapshotToWire } from './wire-feed.ts';

/** A delivery thread at the other end of a port; gone when the port closes. */
export class PortReader implements FeedReader {
  private readonly hub: FeedHub;
  private readonly link: ThreadLink<FeedCalls>;

  constructor(hub: FeedHub, port: MessagePort) {
    this.hub = hub;
    this.link = new ThreadLink<FeedCalls>(port, {
      slabUnused: (id: number) => hub.unused(this, id),
      wanted: (streamId: string, rendition: string) => hub.onWanted(streamId, rendition),
    });
    port.once('close', () => hub.detach(this));
  }

  slabOpened(id: number, buffer: SharedArrayBuffer): void {
    this.link.tell('slabOpened', id, buffer);
  }

  slabSealed(id: number): void {
    this.link.tell('slabSealed', id);
  }

  apply(messages: readonly FeedMessage[]): void {
    const { table } = this.hub;
    const wire = messages.map((message) => messageToWire(message, (bytes) => table.rangeOf(bytes)));
    this.link.tell('feed', wire);
  }

  memoryGivenUp(): void {
    this.link.tell('memoryGivenUp');
  }

  restore(snapshots: readonly StreamSnapshot[]): void {
    const { table } = this.hub;
    this.link.tell(
      'restore',
      snapshots.map((snapshot) => snapshotToWire(snapshot, table)),
    );
  }
}
