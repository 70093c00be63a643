import type { LiveAudience } from '../analytics/ports.ts';
import type { LiveStreamView } from '../api/live-control.ts';
import { isoOrNull, isWarning, sentenceOf } from '../api/views.ts';
import type { Clock } from '../base/clock.ts';
import type { StreamMetrics } from '../contract/live-metrics.ts';
import { describeFinding } from '../doctor/broadcast/finding-texts.ts';
import type { MinuteRow } from '../store/ports/minute-store.ts';
import type { StreamStore } from '../store/ports/stream-store.ts';
import { healthOf } from './health.ts';
import { LatencyWindow } from './latency-window.ts';
import { LossWindow } from './loss-window.ts';
import type { ThreadTelling } from './ports.ts';
import { QoeWindow } from './qoe-window.ts';
import { RateMeter } from './rate-meter.ts';
import { StreamHistory } from './stream-history.ts';

export interface StreamGaugeOptions {
  readonly clock: Clock;
  readonly audience: LiveAudience;
  readonly streams: Pick<StreamStore, 'find'>;
  readonly streamId: string;
  readonly channel: string;
}

const qoeEverySeconds = 5;
const startEverySeconds = 5;

/** One broadcast, looked at once a second. */
export class StreamGauge {
  /** As it was at the last look. */
  latest: StreamMetrics | undefined;
  readonly qoe: QoeWindow;
  readonly history: StreamHistory;
  private readonly options: StreamGaugeOptions;
  private readonly bytesOut: RateMeter;
  private readonly ages = { part: new LatencyWindow(), listed: new LatencyWindow(), delivered: new LatencyWindow() };
  private readonly losses = new LossWindow();
  private startedAtMs: number | null = null;
  private second = 0;

  constructor(options: StreamGaugeOptions) {
    this.options = options;
    this.bytesOut = new RateMeter(options.clock);
    this.qoe = new QoeWindow(options.clock);
    this.history = new StreamHistory(options.streamId);
  }

  /** Gives the minute that is over, as the store keeps it. */
  look(view: LiveStreamView, telling: ThreadTelling): MinuteRow | undefined {
    const { audience, streamId, channel } = this.options;
    this.takeTelling(telling);
    const isQoeDue = this.second % qoeEverySeconds === 0;
    if (isQoeDue && (view.viewers > 0 || !this.qoe.isEmpty)) this.qoe.look(audience.recent(streamId), view.renditions);
    if (this.startedAtMs === null && this.second % startEverySeconds === 0) void this.learnStart();
    this.second++;
    const { ingest, interruptedSinceMs, ladder, renditions } = view;
    if (ingest !== undefined) this.losses.sample(ingest.frames, ingest.dropped);
    const qoe = this.qoe.figures();
    const interruptedSince = isoOrNull(interruptedSinceMs);
    const findings = view.findings.map(describeFinding).filter(isWarning).map(sentenceOf);
    const { droppedRatio } = this.losses;
    const { rebuffer_ratio: rebufferRatio } = qoe;
    const viewersBy = new Map(audience.qualities(streamId).map(({ name, viewers }) => [name, viewers]));
    this.latest = {
      stream_id: streamId,
      channel,
      state: view.state,
      started_at: isoOrNull(this.startedAtMs),
      interrupted_since: interruptedSince,
      viewers: view.viewers,
      bitrate_out_bps: this.bytesOut.bitrateBps,
      ingest: ingestOf(ingest),
      latency_ms: {
        part: this.ages.part.percentiles(),
        listed: this.ages.listed.percentiles(),
        delivered: this.ages.delivered.percentiles(),
      },
      ladder,
      renditions: renditions.map((rendition) => ({ ...rendition, viewers: viewersBy.get(rendition.name) ?? 0 })),
      qoe,
      ...healthOf({ state: view.state, interruptedSince, findings, ladder, rebufferRatio, droppedRatio }),
    };
    return this.history.add(this.options.clock.wallMs(), this.latest);
  }

  private takeTelling({ ages, traffic }: ThreadTelling): void {
    const { streamId } = this.options;
    const { part, listed, delivered } = this.ages;
    for (const window of [part, listed, delivered]) window.advance();
    const made = ages.find((one) => one.streamId === streamId);
    if (made !== undefined) part.take('media', made.part);
    let bytes = 0;
    traffic.forEach((thread, index) => {
      const sent = thread.find((one) => one.streamId === streamId);
      if (sent === undefined) return;
      bytes += sent.bytes;
      listed.take(String(index), sent.listed);
      delivered.take(String(index), sent.delivered);
    });
    this.bytesOut.sample(bytes);
  }

  /** When it began stands in the store alone: it may have been under another server. */
  private async learnStart(): Promise<void> {
    const row = await this.options.streams.find(this.options.streamId).catch(() => undefined);
    this.startedAtMs = row?.startedAtMs ?? null;
  }
}

function ingestOf(ingest: LiveStreamView['ingest']): StreamMetrics['ingest'] {
  if (ingest === undefined) return null;
  const { encoder, bitrateBps, frames, dropped, rhythm } = ingest;
  return {
    encoder,
    bitrate_bps: bitrateBps,
    fps: rhythm?.fps ?? 0,
    frames,
    dropped_frames: dropped,
    keyframe_interval_ms: rounded(rhythm?.keyframeIntervalMs),
    av_drift_ms: rounded(rhythm?.avDriftMs),
    jitter_ms: rounded(rhythm?.jitterMs),
  };
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}
