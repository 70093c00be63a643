import type { WarehouseStats } from '../warehouse/session-warehouse.ts';
import { type Metric, metric, one, type PlainMetric } from './metric.ts';

/** How viewer sessions get to ClickHouse. Nothing where the store keeps them. */
export const warehouseMetrics: readonly Metric[] = [
  sessions('gauge', 'up', 'Whether ClickHouse takes viewer sessions (1) or not (0).', ({ isHealthy }) =>
    isHealthy ? 1 : 0,
  ),
  sessions('gauge', 'spooled_bytes', 'Viewer sessions on disk that wait for ClickHouse.', (told) => told.spooledBytes),
  sessions('gauge', 'spooled_rows', 'Viewer sessions on disk that wait for ClickHouse.', (told) => told.spooledRows),
  sessions('counter', 'rows_total', 'Viewer sessions that ClickHouse has taken.', ({ delivered }) => delivered),
  sessions(
    'counter',
    'dropped_rows_total',
    'Viewer sessions that never got to ClickHouse: no room was left, or it refused them.',
    ({ dropped }) => dropped,
  ),
  sessions('counter', 'inserts_total', 'Batches that ClickHouse has taken.', ({ inserts }) => inserts),
  sessions('counter', 'insert_seconds_total', 'Time that it took for them.', ({ insertSeconds }) => insertSeconds),
];

function sessions(
  type: PlainMetric['type'],
  name: string,
  help: string,
  read: (stats: WarehouseStats) => number,
): PlainMetric {
  return metric(type, `clickhouse_${name}`, help, (sources) => one(sources.warehouse(), read));
}
