import type { MessagePort } from 'node:worker_threads';
import { collectGarbage } from '../base/garbage.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Continuity } from '../stream/continuity.ts';
import { SlabTable } from '../stream/slab-table.ts';
import { closingMessages, continuityOf } from '../stream/window-continuity.ts';
import type { FeedReports } from './feed-calls.ts';
import { ThreadLink } from './thread-link.ts';
import { messageFromWire, snapshotFromWire, type WireMessage, type WireSnapshot } from './wire-feed.ts';

/**
 * The feed as it reaches a delivery thread, from one media thread after another. When one dies, all lists are made true: open
 * segments end with the parts that were listed, and it is known where each stream goes on.
 */
export class FeedInput {
  readonly table = new SlabTable((id) => this.link?.tell('slabUnused', id));
  private link: ThreadLink<FeedReports> | undefined;
  private lost = Promise.resolve();

  /** Takes the feed from this port. `delivery` holds its parts through `table`. */
  from(port: MessagePort, delivery: Delivery): void {
    const { table } = this;
    const link = new ThreadLink<FeedReports>(port, {
      slabOpened: (id: number, buffer: SharedArrayBuffer) => table.slabOpened(id, buffer),
      slabSealed: (id: number) => table.slabSealed(id),
      feed: (messages: readonly WireMessage[]) => {
        for (const message of messages) delivery.apply(messageFromWire(message, table));
      },
      restore: (snapshots: readonly WireSnapshot[]) => {
        for (const snapshot of snapshots) delivery.restore(snapshotFromWire(snapshot, table));
      },
      memoryGivenUp: collectGarbage,
    });
    this.link = link;
    this.lost = new Promise((resolve) => {
      port.once('close', () => {
        if (this.link === link) this.link = undefined;
        this.close(delivery);
        resolve();
      });
    });
  }

  /** A rendition that is made on demand is asked for. */
  wanted(streamId: string, rendition: string): void {
    this.link?.tell('wanted', streamId, rendition);
  }

  /** Where each stream goes on, once the thread that made it is known to be dead. */
  async continuities(delivery: Delivery): Promise<ReadonlyMap<string, Continuity>> {
    await this.lost;
    const continuities = new Map<string, Continuity>();
    for (const window of delivery.streamWindows) {
      const continuity = window.isEnded ? undefined : continuityOf(window);
      if (continuity !== undefined) continuities.set(window.stream.streamId, continuity);
    }
    return continuities;
  }

  private close(delivery: Delivery): void {
    for (const window of [...delivery.streamWindows]) {
      if (window.isEnded) continue;
      for (const message of closingMessages(window)) delivery.apply(message);
    }
    for (const { id, isSealed } of [...this.table.openSlabs]) if (!isSealed) this.table.slabSealed(id);
  }
}
