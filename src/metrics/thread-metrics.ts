import type { ThreadFigures } from '../threads/thread-monitor.ts';
import { histogram, type Labels, type Metric, type MetricSources, metric, one, perDelivery } from './metric.ts';

/** How each thread does. */
export const threadMetrics: readonly Metric[] = [
  metric('gauge', 'event_loop_delay_seconds', 'How late a timer of the thread was, sampled once a second.', (sources) =>
    perThread(sources, ({ loopDelayMs }) => loopDelayMs / 1000),
  ),
  histogram('event_loop_lateness_seconds', 'The same, all samples since the thread began.', (sources) =>
    perThread(sources, ({ loopDelays }) => loopDelays),
  ),
  metric('gauge', 'event_loop_utilization', 'Share of the last second in which the thread was busy.', (sources) =>
    perThread(sources, ({ loopUtilization }) => loopUtilization),
  ),
  metric('gauge', 'thread_heap_bytes', 'Memory of the objects of the thread, garbage included.', (sources) =>
    perThread(sources, ({ heapBytes }) => heapBytes),
  ),
  metric(
    'gauge',
    'thread_external_bytes',
    'Memory outside the heap that objects of the thread hold, shared media included.',
    (sources) => perThread(sources, ({ externalBytes }) => externalBytes),
  ),
  histogram('gc_pause_seconds', 'How long the thread stood still to collect its garbage, each time.', (sources) =>
    perThread(sources, ({ garbagePauses }) => garbagePauses),
  ),
  metric('counter', 'thread_restarts_total', 'Threads that died and were replaced.', ({ engine, store }) => [
    [store().restarts, { thread: 'store' }],
    [engine.media.restarts, { thread: 'media' }],
    [engine.delivery.restarts, { thread: 'delivery' }],
  ]),
];

function perThread<Value>(sources: MetricSources, read: (figures: ThreadFigures) => Value): [Value, Labels?][] {
  return [
    ...one(sources.control(), read, { thread: 'control' }),
    ...one(sources.media(), read, { thread: 'media' }),
    ...perDelivery(sources.engine, read),
  ];
}
