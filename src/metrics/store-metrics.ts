import { histogram, type Metric, metric } from './metric.ts';

/** What becomes of what is written down. */
export const storeMetrics: readonly Metric[] = [
  metric('gauge', 'store_up', 'Whether the store does what it is asked (1) or not (0).', ({ store }) => [
    [store().isHealthy ? 1 : 0],
  ]),
  metric('gauge', 'store_writes_waiting', 'Facts about streams that are not in the store yet.', ({ store }) => [
    [store().waitingWrites],
  ]),
  metric('counter', 'store_writes_lost_total', 'Facts about streams that never got into the store.', ({ store }) => [
    [store().lostWrites],
  ]),
  histogram('store_write_seconds', 'How long the store took to write a fact about a stream.', ({ store }) => [
    [store().writeSeconds],
  ]),
];
