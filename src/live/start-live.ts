import type { Store } from '../store/ports/store.ts';
import { EventTail } from './event-tail.ts';
import { LiveHub, type LiveHubOptions } from './live-hub.ts';
import { LiveMetrics, type LiveMetricsOptions } from './live-metrics.ts';

export type LiveOptions = Omit<LiveMetricsOptions, 'store' | 'log'> &
  Omit<LiveHubOptions, 'metrics'> & {
    readonly store: Pick<Store, 'events' | 'streams' | 'minutes'>;
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
  const metrics = new LiveMetrics(options);
  const hub = new LiveHub({ ...options, metrics });
  metrics.onLook(() => hub.tick());
  const tail = new EventTail({ clock, events: store.events, tell: hub.tell, log });
  await tail.start();
  metrics.start();
  const stop = async () => {
    hub.stop();
    await Promise.all([tail.stop(), metrics.stop()]);
  };
  return { metrics, hub, wake: tail.wake, stop };
}
