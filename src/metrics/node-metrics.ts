import type { RealtimeStats } from '../realtime/connect-realtime.ts';
import { type Metric, metric, one, type PlainMetric } from './metric.ts';

/** What all nodes together do, as this one knows it. Nothing where there is only this one. */
export const nodeMetrics: readonly Metric[] = [
  allNodes('gauge', 'nodes', 'Nodes that count their viewers together, this one included.', ({ nodes }) => nodes),
  allNodes('gauge', 'all_nodes_publishers', 'Publishers now, of all nodes.', ({ publishers }) => publishers),
  allNodes('gauge', 'all_nodes_viewers', 'Viewers now, of all nodes.', ({ viewers }) => viewers),
  allNodes('gauge', 'realtime_up', 'Whether the other nodes can be heard of (1) or not (0).', ({ isHealthy }) =>
    isHealthy ? 1 : 0,
  ),
  allNodes(
    'counter',
    'realtime_failures_total',
    'Attempts to tell the other nodes, and to hear of them, that failed.',
    ({ failures }) => failures,
  ),
];

function allNodes(
  type: PlainMetric['type'],
  name: string,
  help: string,
  read: (stats: RealtimeStats) => number,
): PlainMetric {
  return metric(type, name, help, (sources) => one(sources.allNodes(), read));
}
