import type { Clock } from '../base/clock.ts';
import type { StreamSnapshot } from '../delivery/delivered-stream.ts';
import { Delivery, type DeliveryOptions } from '../delivery/delivery.ts';
import type { OnWanted } from '../delivery/rung-requests.ts';
import type { FeedMessage } from '../stream/feed.ts';
import type { SlabListener } from '../stream/slab-pool.ts';
import { SlabTable } from '../stream/slab-table.ts';

/** A delivery thread, as the hub feeds it. */
export interface FeedReader extends SlabListener {
  apply(messages: readonly FeedMessage[]): void;
  restore(snapshots: readonly StreamSnapshot[]): void;
  /** Much shared memory was given up: it is back when this thread, too, has collected its garbage. */
  memoryGivenUp(): void;
}

export interface FeedHubOptions extends Omit<DeliveryOptions, 'memory'> {
  readonly clock: Clock;
  /** No reader is left of a slab. */
  readonly onFreed: (slabId: number) => void;
}

/**
 * Hands the part feed to all delivery threads, and keeps what has been said: a delivery that nobody asks, of which a thread
 * that comes later learns everything. Collects from all of them which slabs nobody reads any more.
 */
export class FeedHub implements SlabListener {
  readonly table = new SlabTable((id) => this.unused(this, id));
  readonly delivery: Delivery;
  /** A viewer asks for a rendition that is made on demand. */
  readonly onWanted: OnWanted;
  private readonly onFreed: (slabId: number) => void;
  private readonly readers = new Set<FeedReader>();
  /** Who may still read a slab. */
  private readonly holders = new Map<number, Set<object>>();

  constructor({ onFreed, onWanted = () => {}, ...options }: FeedHubOptions) {
    this.onFreed = onFreed;
    this.onWanted = onWanted;
    this.delivery = new Delivery({ ...options, onWanted, memory: this.table });
  }

  slabOpened(id: number, buffer: SharedArrayBuffer): void {
    this.holders.set(id, new Set<object>([this, ...this.readers]));
    this.table.slabOpened(id, buffer);
    for (const reader of this.readers) reader.slabOpened(id, buffer);
  }

  slabSealed(id: number): void {
    for (const reader of this.readers) reader.slabSealed(id);
    this.table.slabSealed(id);
  }

  apply(messages: readonly FeedMessage[]): void {
    for (const reader of this.readers) reader.apply(messages);
    for (const message of messages) this.delivery.apply(message);
  }

  memoryGivenUp(): void {
    for (const reader of this.readers) reader.memoryGivenUp();
  }

  /** A reader that has just come learns everything there is, and hears what follows. */
  attach(reader: FeedReader): void {
    const slabs = [...this.table.openSlabs];
    for (const { id, buffer } of slabs) {
      this.holders.get(id)?.add(reader);
      reader.slabOpened(id, buffer);
    }
    reader.restore(this.delivery.snapshots());
    for (const { id, isSealed } of slabs) if (isSealed) reader.slabSealed(id);
    this.readers.add(reader);
  }

  /** A reader is gone, with all it was reading. */
  detach(reader: FeedReader): void {
    this.readers.delete(reader);
    for (const id of [...this.holders.keys()]) this.unused(reader, id);
  }

  /** A reader is done with a slab. */
  unused(reader: object, id: number): void {
    const holders = this.holders.get(id);
    if (holders === undefined || !holders.delete(reader) || holders.size > 0) return;
    this.holders.delete(id);
    this.onFreed(id);
  }
}
