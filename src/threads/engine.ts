import { availableParallelism } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import type { DeliverySideOptions } from './delivery-side.ts';
import type { ViewerEventIntake } from './delivery-thread.ts';
import { type DeliveryCrew, DeliveryInline, DeliveryThreads } from './delivery-threads.ts';
import { MediaInline } from './media-inline.ts';
import { type Media, MediaThread, type MediaThreadControl, type MediaThreadOptions } from './media-thread.ts';

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
}

/** Delivery threads for `auto`: a core is left to the media thread and to control. */
export function deliveryThreads(threads: number | 'auto'): number {
  return threads === 'auto' ? Math.max(1, availableParallelism() - 1) : threads;
}

/** What the threads ask and tell. */
export interface EngineControl extends MediaThreadControl {
  readonly viewerEvents: ViewerEventIntake;
}

/** Lays out the threads; nothing runs before its parts are started, delivery first. */
export function createEngine({ threads, media, delivery }: EngineOptions, control: EngineControl): Engine {
  const count = deliveryThreads(threads);
  if (count === 0) {
    const inline = new MediaInline(media, control);
    return {
      media: inline,
      delivery: new DeliveryInline(delivery, inline.delivery, control.viewerEvents, control.log, control.sockets),
    };
  }
  const options = { ...delivery, logLevel: media.logLevel };
  const attach = (port: MessagePort) => thread.attach(port);
  const crew: DeliveryThreads = new DeliveryThreads(
    count,
    options,
    attach,
    control.viewerEvents,
    control.log,
    control.sockets,
  );
  const thread = new MediaThread(media, control, crew);
  return { media: thread, delivery: crew };
}
