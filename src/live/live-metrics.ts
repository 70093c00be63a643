import type { LiveAudience } from '../analytics/ports.ts';
import type { LiveControl, LiveStreamView } from '../api/live-control.ts';
import { isoTime } from '../api/views.ts';
import type { Clock } from '../base/clock.ts';
import { residentMemoryBytes } from '../base/resident-memory.ts';
import type { NodeMetrics, StreamMetrics } from '../contract/live-metrics.ts';
import type { Log } from '../observability/log.ts';
import type { MinuteRow, StreamPoint } from '../store/ports/minute-store.ts';
import type { Store } from '../store/ports/store.ts';
import { MinuteArchive } from './minute-archive.ts';
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
  readonly store: Pick<Store, 'streams' | 'minutes'>;
  /** `analytics.retention`. */
  readonly retentionMs: number;
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
  private readonly minutes: MinuteArchive;
  private cpuCores = 0;
  private listeners: (() => void)[] = [];
  private cancel = () => {};

  constructor(options: LiveMetricsOptions) {
    this.options = options;
    this.bytesIn = new RateMeter(options.clock);
    this.bytesOut = new RateMeter(options.clock);
    this.load = new NodeLoad(options.clock);
    this.minutes = new MinuteArchive({ ...options, minutes: options.store.minutes });
  }

  /** Begins to look once a second. */
  start(): void {
    this.lookLater();
  }

  /** Writes down the minutes that are not over. */
  async stop(): Promise<void> {
    this.cancel();
    for (const { history } of this.gauges.values()) this.archive(history.takeMinute());
    await this.minutes.close();
  }

  /** Hears after every look. */
  onLook(listener: () => void): void {
    this.listeners.push(listener);
  }

  stream(streamId: string): StreamMetrics | undefined {
    return this.gauges.get(streamId)?.latest;
  }

  /** Seconds of the last hour that begin in [fromMs, toMs), the newest so many; empty where the stream does not run here. */
  seconds(streamId: string, fromMs: number, toMs: number, limit: number): readonly StreamPoint[] {
    return this.gauges.get(streamId)?.history.seconds.between(fromMs, toMs, limit) ?? [];
  }

  /** What is not in the store yet. */
  minuteSoFar(streamId: string): StreamPoint | undefined {
    return this.gauges.get(streamId)?.history.minuteSoFar();
  }

  /** Viewers by player, those first that most use. */
  players(streamId: string): readonly { readonly name: string; readonly viewers: number }[] {
    return this.gauges.get(streamId)?.qoe.players ?? [];
  }

  countries(streamId: string): readonly { readonly name: string; readonly viewers: number }[] {
    return this.gauges.get(streamId)?.qoe.countries ?? [];
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
      rss_bytes: residentMemoryBytes(),
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
    for (const view of views) this.archive(this.gaugeOf(view).look(view, telling));
    const running = new Set(views.map(({ streamId }) => streamId));
    for (const [streamId, gauge] of this.gauges) {
      if (running.has(streamId)) continue;
      this.archive(gauge.history.takeMinute());
      this.gauges.delete(streamId);
    }
    this.minutes.tick();
    for (const listener of this.listeners) listener();
  }

  private archive(row: MinuteRow | undefined): void {
    if (row !== undefined) this.minutes.add([row]);
  }

  private gaugeOf({ streamId, channel }: LiveStreamView): StreamGauge {
    let gauge = this.gauges.get(streamId);
    if (gauge === undefined) {
      gauge = new StreamGauge({ ...this.options, streams: this.options.store.streams, streamId, channel });
      this.gauges.set(streamId, gauge);
    }
    return gauge;
  }

  private lookLater(): void {
    this.cancel = this.options.clock.after(intervalMs, () => {
      this.lookLater();
      this.look();
    });
  }
}
