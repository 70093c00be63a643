import { Counter, Gauge, Registry } from 'prom-client';
import type { AnalyticsStats } from '../analytics/viewer-analytics.ts';
import type { ReceiverStatus } from '../events/outgoing-events.ts';
import type { LadderFigures } from '../pipeline/transcoding.ts';
import type { SpanQueueStats } from '../tracing/span-queue.ts';
import type { DeliveryFigures } from './delivery-side.ts';
import type { Engine } from './engine.ts';
import type { MediaFigures } from './media-side.ts';
import type { ThreadFigures } from './thread-monitor.ts';

export interface StoreFigures {
  readonly isHealthy: boolean;
  readonly waitingWrites: number;
  readonly lostWrites: number;
  /** Of its thread, where it has one. */
  readonly restarts: number;
}

export interface EngineMetricsSources {
  readonly engine: Engine;
  /** What the media side told last. */
  readonly media: () => MediaFigures | undefined;
  readonly control: () => ThreadFigures | undefined;
  readonly store: () => StoreFigures;
  /** Of events, as many as are configured. */
  readonly receivers: () => readonly ReceiverStatus[];
  readonly viewers: () => AnalyticsStats;
  /** Undefined where traces are not sent anywhere. */
  readonly spans: () => SpanQueueStats | undefined;
}

type Labels = Readonly<Partial<Record<(typeof labelNames)[number], string>>>;
type Reading = readonly [value: number, labels?: Labels];

interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  /** Present values: counted where things happen, read when somebody asks. */
  readonly read: (sources: EngineMetricsSources) => readonly Reading[];
}

const labelNames = ['thread', 'class', 'code', 'rung', 'state', 'reason', 'receiver'] as const;

/** Everything that is told of the threads, as Prometheus names and units want it. */
export const engineMetrics: readonly Metric[] = [
  metric('gauge', 'event_loop_delay_seconds', 'How late a timer of the thread was, sampled once a second.', (sources) =>
    perThread(sources, ({ loopDelayMs }) => loopDelayMs / 1000),
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
  metric('counter', 'thread_restarts_total', 'Threads that died and were replaced.', ({ engine, store }) => [
    [store().restarts, { thread: 'store' }],
    [engine.media.restarts, { thread: 'media' }],
    [engine.delivery.restarts, { thread: 'delivery' }],
  ]),
  metric('gauge', 'store_up', 'Whether the store does what it is asked (1) or not (0).', ({ store }) => [
    [store().isHealthy ? 1 : 0],
  ]),
  metric('gauge', 'store_writes_waiting', 'Facts about streams that are not in the store yet.', ({ store }) => [
    [store().waitingWrites],
  ]),
  metric('counter', 'store_writes_lost_total', 'Facts about streams that never got into the store.', ({ store }) => [
    [store().lostWrites],
  ]),
  viewers('gauge', 'viewers', 'Viewers now, of all broadcasts.', ({ viewers: count }) => count),
  viewers(
    'counter',
    'viewer_sessions_dropped_total',
    'Viewers that were not counted because there was no room for their sessions.',
    ({ sessionsDropped }) => sessionsDropped,
  ),
  viewers(
    'counter',
    'viewer_reports_dropped_total',
    'CMCD reports about streams that are not here.',
    ({ reportsDropped }) => reportsDropped,
  ),
  viewers(
    'counter',
    'viewer_session_rows_lost_total',
    'Sessions that ended and could not be kept.',
    ({ rowsLost }) => rowsLost,
  ),
  delivery(
    'counter',
    'viewer_events_dropped_total',
    'Requests of viewers that could not be told to control in time.',
    ({ eventsDropped }) => eventsDropped,
  ),
  delivery('gauge', 'viewer_connections', 'Open connections of viewers.', ({ sockets }) => sockets.connections),
  delivery('gauge', 'waiters', 'Requests that are held until there is news.', ({ answers }) => answers.waiters),
  delivery(
    'gauge',
    'in_flight_bytes',
    'Bytes that were handed to sockets and are not yet taken.',
    ({ sockets }) => sockets.bytesInFlight,
  ),
  delivery(
    'counter',
    'viewer_connections_refused_total',
    'Connections refused because there were too many.',
    ({ sockets }) => sockets.refused,
  ),
  delivery(
    'counter',
    'viewer_connections_handed_over_total',
    'Connections that left the fast lane for the full HTTP server.',
    ({ sockets }) => sockets.handedOver,
  ),
  metric('counter', 'http_requests_total', 'Playback requests answered.', ({ engine }) =>
    engine.delivery.figures.flatMap(({ answers }, index) => byClassAndCode(answers.requests, threadName(index))),
  ),
  delivery('counter', 'http_sent_bytes_total', 'Bytes of playback answers.', ({ answers }) => answers.bytesOut),
  delivery(
    'counter',
    'slow_readers_dropped_total',
    'Viewers cut off because they did not take their bytes.',
    ({ answers }) => answers.slowReadersDropped,
  ),
  delivery(
    'counter',
    'progressive_aborted_total',
    'Answers in the making that had to be broken off.',
    ({ answers }) => answers.progressiveAborted,
  ),
  media('gauge', 'publishers', 'Publishers now.', ({ publishers }) => publishers),
  media('gauge', 'rtmp_connections', 'Open RTMP connections.', ({ connections }) => connections),
  media('gauge', 'rtmp_message_bytes', 'Memory of RTMP messages that are not complete.', ({ heldBytes }) => heldBytes),
  media('counter', 'rtmp_received_bytes_total', 'Bytes from publishers.', ({ bytesIn }) => bytesIn),
  metric(
    'counter',
    'rtmp_refused_total',
    'RTMP connections refused or ended by the server, by error code.',
    (sources) => Object.entries(sources.media()?.refused ?? {}).map(([code, value]): Reading => [value, { code }]),
  ),
  media(
    'gauge',
    'media_memory_bytes',
    'Memory of the media that playlists list, or may still be asked for.',
    ({ mediaBytes }) => mediaBytes,
  ),
  media('gauge', 'media_memory_budget_bytes', 'What that may grow to.', (figures) => figures.mediaBudgetBytes),
  media('gauge', 'slab_bytes', 'Memory for media, in use and spare.', ({ slabBytes }) => slabBytes),
  media(
    'gauge',
    'ladder_budget_cores',
    'Cores that all ladders together may use (ladder.cpu_budget).',
    ({ ladders }) => ladders.budgetCores,
  ),
  media(
    'gauge',
    'ladder_promised_cores',
    'Cores that are set aside for the rungs that are made.',
    ({ ladders }) => ladders.promisedCores,
  ),
  ladders(
    'gauge',
    'ladder_rungs',
    'Rungs of all broadcasts, by state: withheld ones did not fit into the budget.',
    'state',
    (told) => told.rungs,
  ),
  ladders(
    'gauge',
    'ladder_rung_lag_seconds',
    'How far the furthest rung of the name is behind its source.',
    'rung',
    (told) => Object.fromEntries(Object.entries(told.lagMs).map(([rung, lagMs]) => [rung, lagMs / 1000])),
  ),
  ladders('counter', 'ladder_rung_frames_total', 'Frames that came out of transcoding.', 'rung', (told) => told.frames),
  media(
    'counter',
    'ladder_dropped_frames_total',
    'Frames that were not transcoded because their ffmpeg was too far behind.',
    (figures) => figures.ladders.droppedFrames,
  ),
  ladders(
    'counter',
    'ladder_restarts_total',
    'Times an ffmpeg failed and was replaced, by why.',
    'reason',
    (told) => told.restarts,
  ),
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
  metric('gauge', 'resident_memory_bytes', 'Memory of the process.', () => [[process.memoryUsage.rss()]]),
  metric('counter', 'cpu_seconds_total', 'Processor time of the process.', () => {
    const { user, system } = process.cpuUsage();
    return [[(user + system) / 1e6]];
  }),
];

/** A registry that reads all of them from a running engine. */
export function engineRegistry(sources: EngineMetricsSources): Registry {
  const registry = new Registry();
  for (const { name, type, help, read } of engineMetrics) {
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
  return registry;
}

function metric(type: Metric['type'], name: string, help: string, read: Metric['read']): Metric {
  return { type, name: `streamctl_${name}`, help, read };
}

function receivers(type: Metric['type'], name: string, help: string, read: (status: ReceiverStatus) => number): Metric {
  return metric(type, name, help, (sources) =>
    sources.receivers().map((status): Reading => [read(status), { receiver: status.id }]),
  );
}

function delivery(
  type: Metric['type'],
  name: string,
  help: string,
  read: (figures: DeliveryFigures) => number,
): Metric {
  return metric(type, name, help, ({ engine }) => perDelivery(engine, read));
}

function viewers(type: Metric['type'], name: string, help: string, read: (stats: AnalyticsStats) => number): Metric {
  return metric(type, name, help, (sources) => [[read(sources.viewers())]]);
}

function media(type: Metric['type'], name: string, help: string, read: (figures: MediaFigures) => number): Metric {
  return metric(type, name, help, (sources) => one(sources.media(), read));
}

function ladders(
  type: Metric['type'],
  name: string,
  help: string,
  label: 'rung' | 'state' | 'reason',
  read: (figures: LadderFigures) => Readonly<Record<string, number>>,
): Metric {
  return metric(type, name, help, (sources) => {
    const told = sources.media()?.ladders;
    return told === undefined ? [] : Object.entries(read(told)).map(([of, value]): Reading => [value, { [label]: of }]);
  });
}

function perThread(sources: EngineMetricsSources, read: (figures: ThreadFigures) => number): Reading[] {
  return [
    ...one(sources.control(), read, { thread: 'control' }),
    ...one(sources.media(), read, { thread: 'media' }),
    ...perDelivery(sources.engine, read),
  ];
}

function perDelivery(engine: Engine, read: (figures: DeliveryFigures) => number): Reading[] {
  return engine.delivery.figures.map((figures, index) => [read(figures), { thread: threadName(index) }]);
}

function one<Figures>(figures: Figures | undefined, read: (figures: Figures) => number, labels?: Labels): Reading[] {
  return figures === undefined ? [] : [[read(figures), labels]];
}

function byClassAndCode(requests: DeliveryFigures['answers']['requests'], thread: string): Reading[] {
  return Object.entries(requests).flatMap(([name, codes]) =>
    Object.entries(codes).map(([code, value]): Reading => [value, { thread, class: name, code }]),
  );
}

function threadName(index: number): string {
  return `delivery-${index + 1}`;
}
