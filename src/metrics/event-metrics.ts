import type { ReceiverStatus } from '../events/outgoing-events.ts';
import { type Metric, metric, one, type PlainMetric, type Reading } from './metric.ts';

/** What is told to other systems. */
export const eventMetrics: readonly Metric[] = [
  metric('counter', 'trace_spans_sent_total', 'Spans of traces that their receiver has taken.', ({ spans }) =>
    one(spans(), ({ sent }) => sent),
  ),
  metric(
    'counter',
    'trace_spans_dropped_total',
    'Spans of traces that were given up: too many waited, or the receiver refused them.',
    ({ spans }) => one(spans(), ({ dropped }) => dropped),
  ),
  metric('gauge', 'trace_spans_waiting', 'Spans of traces that are not sent yet.', ({ spans }) =>
    one(spans(), ({ waiting }) => waiting),
  ),
  receivers('counter', 'events_delivered_total', 'Events that a receiver has acknowledged.', (told) => told.delivered),
  receivers(
    'counter',
    'events_failed_attempts_total',
    'Attempts to deliver an event that a receiver did not acknowledge.',
    (told) => told.failed,
  ),
  receivers('gauge', 'events_waiting', 'Events that a receiver has not had yet.', (told) => told.waiting),
  receivers('gauge', 'events_dead', 'Events that a receiver would not take.', (told) => told.dead),
];

function receivers(
  type: PlainMetric['type'],
  name: string,
  help: string,
  read: (status: ReceiverStatus) => number,
): PlainMetric {
  return metric(type, name, help, (sources) =>
    sources.receivers().map((status): Reading => [read(status), { receiver: status.id }]),
  );
}
