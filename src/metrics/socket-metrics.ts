import type { SocketFigures } from '../live/socket-counts.ts';
import { type Metric, metric, one, type PlainMetric } from './metric.ts';

/** WebSockets of dashboards and pages. */
export const socketMetrics: readonly Metric[] = [
  sockets('gauge', 'open', 'WebSockets open now.', ({ open }) => open),
  sockets('counter', 'messages_total', 'Messages told to WebSockets, one to each.', ({ messages }) => messages),
  sockets(
    'counter',
    'snapshots_skipped_total',
    'Snapshots left out for WebSockets whose reader was behind.',
    ({ snapshotsSkipped }) => snapshotsSkipped,
  ),
  sockets(
    'counter',
    'notifications_lost_total',
    'Notifications that could not be kept for WebSockets whose reader was behind.',
    ({ notificationsLost }) => notificationsLost,
  ),
  sockets('counter', 'closed_slow_total', 'WebSockets closed because nobody read.', ({ closedSlow }) => closedSlow),
];

function sockets(
  type: PlainMetric['type'],
  name: string,
  help: string,
  read: (figures: SocketFigures) => number,
): PlainMetric {
  return metric(type, `websocket_${name}`, help, (sources) => one(sources.sockets(), read));
}
