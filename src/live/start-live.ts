import type { Store } from '../store/ports/store.ts';
import { EventTail } from './event-tail.ts';
import { LiveHub, type LiveHubOptions } from './live-hub.ts';
import { LiveMetrics, type LiveMetricsOptions } from './live-metrics.ts';

export type LiveOptions = Omit<LiveMetricsOptions, 'streams' | 'log'> &
  Omit<LiveHubOptions, 'metrics'> & {
    readonly store: Pick<Store, 'events' | 'streams'>;
    readonly log: LiveMetricsOptions['log'] & LiveHubOptions['log'];
  };

/** What is told of the running server as it happens. */
export interface Live {
  readonly metrics: LiveMetrics;
  readonly hub: LiveHub;
  /** An event may have been written. */
  readonly wake: () => void;
  stop(): Promise<void>;
}

/** Begins to look at broadcasts once a second and to read events, for all who listen. */
export async function startLive(options: LiveOptions): Promise<Live> {
  const { clock, store, log } = options;
  const metrics = new LiveMetrics({ ...options, streams: store.streams });
  const hub = new LiveHub({ ...options, metrics });
  metrics.onLook(() => hub.tick());
  const tail = new EventTail({ clock, events: store.events, tell: hub.tell, log });
  await tail.start();
  const endLooking = metrics.start();
  const stop = async () => {
    endLooking();
    await tail.stop();
    hub.stop();
  };
  return { metrics, hub, wake: tail.wake, stop };
}
