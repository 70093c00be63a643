import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { deliveryMetrics } from './delivery-metrics.ts';
import { eventMetrics } from './event-metrics.ts';
import { ingestMetrics } from './ingest-metrics.ts';
import { ladderMetrics } from './ladder-metrics.ts';
import { type HistogramMetric, labelNames, type Metric, type MetricSources, type PlainMetric } from './metric.ts';
import { nodeMetrics } from './node-metrics.ts';
import { probeMetrics } from './probe-metrics.ts';
import { processMetrics } from './process-metrics.ts';
import { socketMetrics } from './socket-metrics.ts';
import { storeMetrics } from './store-metrics.ts';
import { threadMetrics } from './thread-metrics.ts';
import { viewerMetrics } from './viewer-metrics.ts';
import { warehouseMetrics } from './warehouse-metrics.ts';

/** Everything that is told of a node, as Prometheus names and units want it. */
export const allMetrics: readonly Metric[] = [
  ...ingestMetrics,
  ...ladderMetrics,
  ...deliveryMetrics,
  ...viewerMetrics,
  ...nodeMetrics,
  ...warehouseMetrics,
  ...socketMetrics,
  ...probeMetrics,
  ...threadMetrics,
  ...storeMetrics,
  ...eventMetrics,
  ...processMetrics,
];

/** A registry that reads all of them when somebody asks. */
export function metricsRegistry(sources: MetricSources): Registry {
  const registry = new Registry();
  for (const metric of allMetrics) {
    if (metric.type === 'histogram') registry.registerMetric(readHistogram(metric, sources));
    else register(metric, sources, registry);
  }
  return registry;
}

function register({ name, type, help, read }: PlainMetric, sources: MetricSources, registry: Registry): void {
  const Kind = type === 'gauge' ? Gauge : Counter;
  new Kind({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, labels = {}] of read(sources)) this.inc(labels, value);
    },
  });
}

/** One whose counts come from where they were counted: prom-client would want each single value. */
function readHistogram({ name, help, read }: HistogramMetric, sources: MetricSources): Histogram {
  const metric = new Histogram({ name, help, labelNames: [...labelNames], registers: [] });
  const get = async () => ({
    ...{ name, help, aggregator: 'sum' as const },
    type: 'histogram' as never,
    values: read(sources).flatMap(([figures, labels = {}]) => {
      const { bounds, counts, sumSeconds } = figures;
      let count = 0;
      const buckets = [...bounds, '+Inf' as const].map((le, index) => {
        count += counts[index] ?? 0;
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sumSeconds },
        { metricName: `${name}_count`, labels, value: count },
      ];
    }),
  });
  return Object.assign(metric, { get, getForPromString: get });
}
