import { availableParallelism } from 'node:os';
import { systemClock } from '../base/clock.ts';
import type { DeliverySideOptions } from './delivery-side.ts';
import { type DeliveryCrew, DeliveryInline, DeliveryThreads } from './delivery-threads.ts';
import { FeedHub } from './feed-hub.ts';
import { MediaInline } from './media-inline.ts';
import { type Media, MediaThread, type MediaThreadControl, type MediaThreadOptions } from './media-thread.ts';
import { MemoryGuard, mediaBudgetBytes } from './memory-guard.ts';

export interface EngineOptions {
  /** Delivery threads, or all in this one thread for 0. */
  readonly threads: number | 'auto';
  readonly media: MediaThreadOptions;
  readonly delivery: Omit<DeliverySideOptions, 'isPortShared'>;
}

/** What makes and delivers media, on the threads it was given. */
export interface Engine {
  readonly media: Media & { readonly restarts: number };
  readonly delivery: DeliveryCrew;
  readonly hub: FeedHub;
  readonly memory: MemoryGuard;
}

/** Delivery threads for `auto`: a core is left to the media thread and to control. */
export function deliveryThreads(threads: number | 'auto'): number {
  return threads === 'auto' ? Math.max(1, availableParallelism() - 1) : threads;
}

/** Lays out the threads; nothing runs before its parts are started. */
export function createEngine({ threads, media, delivery }: EngineOptions, control: MediaThreadControl): Engine {
  const hub: FeedHub = new FeedHub({ clock: systemClock, onFreed: (id) => maker.slabFreed(id) });
  const count = deliveryThreads(threads);
  const maker = count === 0 ? new MediaInline(media, control, hub) : new MediaThread(media, control, hub);
  const { log } = control;
  const crew =
    count === 0
      ? new DeliveryInline(delivery, hub, log)
      : new DeliveryThreads(count, { ...delivery, logLevel: media.logLevel }, hub, log);
  const memory = new MemoryGuard(mediaBudgetBytes(), hub, systemClock, log);
  return { media: maker, delivery: crew, hub, memory };
}
