import type { LiveAudience } from '../analytics/ports.ts';
import type { LiveControl, LiveStreamView } from '../api/live-control.ts';
import { isoTime } from '../api/views.ts';
import type { Clock } from '../base/clock.ts';
import type { NodeMetrics, StreamMetrics } from '../contract/live-metrics.ts';
import type { Log } from '../observability/log.ts';
import type { StreamStore } from '../store/ports/stream-store.ts';
import { NodeLoad } from './node-load.ts';
import type { ThreadTelling } from './ports.ts';
import { RateMeter } from './rate-meter.ts';
import { StreamGauge } from './stream-gauge.ts';

export interface LiveMetricsOptions {
  readonly clock: Clock;
  readonly live: LiveControl;
  readonly audience: LiveAudience;
  /** What the threads told last. */
  readonly told: () => ThreadTelling;
  readonly streams: Pick<StreamStore, 'find'>;
  readonly node: string;
  readonly version: string;
  readonly startedAtMs: number;
  readonly log: Pick<Log, 'warn'>;
}

const intervalMs = 1000;

/** What is known of the running broadcasts and of the node, looked at once a second. */
export class LiveMetrics {
  private readonly options: LiveMetricsOptions;
  private readonly gauges = new Map<string, StreamGauge>();
  private readonly bytesIn: RateMeter;
  private readonly bytesOut: RateMeter;
  private readonly load: NodeLoad;
  private cpuCores = 0;
  private listeners: (() => void)[] = [];
  private cancel = () => {};

  constructor(options: LiveMetricsOptions) {
    this.options = options;
    this.bytesIn = new RateMeter(options.clock);
    this.bytesOut = new RateMeter(options.clock);
    this.load = new NodeLoad(options.clock);
  }

  /** Begins to look; the returned function ends it. */
  start(): () => void {
    this.lookLater();
    return () => this.cancel();
  }

  /** Hears after every look. */
  onLook(listener: () => void): void {
    this.listeners.push(listener);
  }

  stream(streamId: string): StreamMetrics | undefined {
    return this.gauges.get(streamId)?.latest;
  }

  gauge(streamId: string): StreamGauge | undefined {
    return this.gauges.get(streamId);
  }

  nodeNow(): NodeMetrics {
    const { clock, live, node, version, startedAtMs } = this.options;
    const { publishers, viewers, warnings } = live.status();
    return {
      node,
      version,
      started_at: isoTime(startedAtMs),
      uptime_seconds: Math.round((clock.wallMs() - startedAtMs) / 1000),
      viewers,
      publishers,
      bitrate_in_bps: this.bytesIn.bitrateBps,
      bitrate_out_bps: this.bytesOut.bitrateBps,
      cpu_cores: this.cpuCores,
      rss_bytes: process.memoryUsage.rss(),
      warnings: [...warnings],
      streams: [...this.gauges.values()].flatMap(({ latest }) => latest ?? []),
    };
  }

  /** To be called once a second. */
  look(): void {
    const { live, told } = this.options;
    const telling = told();
    this.bytesIn.sample(telling.bytesIn);
    this.bytesOut.sample(telling.bytesOut);
    this.cpuCores = this.load.cpuCores();
    const views = live.list();
    for (const view of views) this.gaugeOf(view).look(view, telling);
    for (const id of [...this.gauges.keys()])
      if (!views.some(({ streamId }) => streamId === id)) this.gauges.delete(id);
    for (const listener of this.listeners) listener();
  }

  private gaugeOf({ streamId, channel }: LiveStreamView): StreamGauge {
    let gauge = this.gauges.get(streamId);
    if (gauge === undefined) {
      gauge = new StreamGauge({ ...this.options, streamId, channel });
      this.gauges.set(streamId, gauge);
    }
    return gauge;
  }

  private lookLater(): void {
    this.cancel = this.options.clock.after(intervalMs, () => {
      this.look();
      this.lookLater();
    });
  }
}
