import { histogram, type Metric, metric } from './metric.ts';

/** What the prober saw, which plays each broadcast as a viewer does. */
export const probeMetrics: readonly Metric[] = [
  metric('counter', 'probe_total', 'Times that a broadcast with its publisher was played by the prober.', (sources) => [
    [sources.prober().total],
  ]),
  metric('counter', 'probe_success_total', 'Times of those that all was right, fresh and soon.', (sources) => [
    [sources.prober().successes],
  ]),
  metric('counter', 'probe_failures_total', 'Times that it was not, by why.', (sources) =>
    Object.entries(sources.prober().failures).map(([reason, value]) => [value, { reason }]),
  ),
  histogram('probe_seconds', 'From the multivariant playlist to the last byte of the newest segment.', (sources) => [
    [sources.prober().seconds],
  ]),
];
