import type { ExperienceFigures } from '../analytics/experience-totals.ts';
import type { AnalyticsStats } from '../analytics/viewer-analytics.ts';
import type { TimeHistogramFigures } from '../base/time-histogram.ts';
import type { ReceiverStatus } from '../events/outgoing-events.ts';
import type { SocketFigures } from '../live/socket-counts.ts';
import type { JournalFigures } from '../pipeline/stream-journal.ts';
import type { ProberFigures } from '../prober/prober.ts';
import type { RealtimeStats } from '../realtime/connect-realtime.ts';
import type { DeliveryFigures } from '../threads/delivery-side.ts';
import type { Engine } from '../threads/engine.ts';
import type { MediaFigures } from '../threads/media-side.ts';
import type { ThreadFigures } from '../threads/thread-monitor.ts';
import type { SpanQueueStats } from '../tracing/span-queue.ts';
import type { HostFigures } from './host-watch.ts';

export interface StoreFigures extends JournalFigures {
  readonly isHealthy: boolean;
  /** Of its thread, where it has one. */
  readonly restarts: number;
}

import type { WarehouseStats } from '../warehouse/session-warehouse.ts';

/** What all metrics are read from: present values, counted where things happen. */
export interface MetricSources {
  readonly engine: Engine;
  /** What the media side told last. */
  readonly media: () => MediaFigures | undefined;
  readonly control: () => ThreadFigures | undefined;
  readonly store: () => StoreFigures;
  /** Of events, as many as are configured. */
  readonly receivers: () => readonly ReceiverStatus[];
  readonly viewers: () => AnalyticsStats;
  readonly experience: () => ExperienceFigures;
  readonly prober: () => ProberFigures;
  readonly host: () => HostFigures;
  /** Undefined where this node is alone. */
  readonly allNodes: () => RealtimeStats | undefined;
  /** Undefined where the store keeps all viewer sessions. */
  readonly warehouse: () => WarehouseStats | undefined;
  /** Undefined until there are any. */
  readonly sockets: () => SocketFigures | undefined;
  /** Undefined where traces are not sent anywhere. */
  readonly spans: () => SpanQueueStats | undefined;
}

/**
 * All labels there are. Each has few values, known beforehand or configured: never a stream, a viewer, an address or a key, for each
 * value is a series that Prometheus keeps for ever.
 */
export const labelNames = [
  ...([
    'thread',
    'class',
    'code',
    'rung',
    'state',
    'reason',
    'receiver',
    'kind',
    'format',
    'player',
    'source',
    'lane',
  ] as const),
  ...(['direction', 'port', 'stalls', 'version', 'node_version'] as const),
] as const;

export type Labels = Readonly<Partial<Record<(typeof labelNames)[number], string>>>;
export type Reading = readonly [value: number, labels?: Labels];
export type HistogramReading = readonly [figures: TimeHistogramFigures, labels?: Labels];

interface Described {
  readonly name: string;
  readonly help: string;
}

export interface PlainMetric extends Described {
  readonly type: 'gauge' | 'counter';
  readonly read: (sources: MetricSources) => readonly Reading[];
}

export interface HistogramMetric extends Described {
  readonly type: 'histogram';
  readonly read: (sources: MetricSources) => readonly HistogramReading[];
}

export type Metric = PlainMetric | HistogramMetric;

export function metric(type: PlainMetric['type'], name: string, help: string, read: PlainMetric['read']): PlainMetric {
  return { type, name: `streamctl_${name}`, help, read };
}

export function histogram(name: string, help: string, read: HistogramMetric['read']): HistogramMetric {
  return { type: 'histogram', name: `streamctl_${name}`, help, read };
}

/** One of the media side. */
export function media(
  type: PlainMetric['type'],
  name: string,
  help: string,
  read: (figures: MediaFigures) => number,
): PlainMetric {
  return metric(type, name, help, (sources) => one(sources.media(), read));
}

/** One of each delivery side. */
export function delivery(
  type: PlainMetric['type'],
  name: string,
  help: string,
  read: (figures: DeliveryFigures) => number,
): PlainMetric {
  return metric(type, name, help, ({ engine }) => perDelivery(engine, read));
}

export function perDelivery<Value>(engine: Engine, read: (figures: DeliveryFigures) => Value): [Value, Labels][] {
  return engine.delivery.figures.map((figures, index) => [read(figures), { thread: deliveryThreadName(index) }]);
}

/** Nothing where there are no figures. */
export function one<Figures, Value>(
  figures: Figures | undefined,
  read: (figures: Figures) => Value,
  labels?: Labels,
): [Value, Labels?][] {
  return figures === undefined ? [] : [[read(figures), labels]];
}

export function deliveryThreadName(index: number): string {
  return `delivery-${index + 1}`;
}
