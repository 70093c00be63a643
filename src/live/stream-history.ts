import type { StreamMetrics } from '../contract/live-metrics.ts';
import { foldPoints } from '../store/point-fold.ts';
import type { MinuteRow, StreamPoint } from '../store/ports/minute-store.ts';
import { SecondRing } from './second-ring.ts';

const minuteMs = 60_000;

/** How a stream did: its last hour by the second, and each minute as one row for the store. */
export class StreamHistory {
  readonly seconds = new SecondRing();
  private readonly streamId: string;
  private minute: StreamPoint[] = [];
  private frames: number | undefined;
  private dropped = 0;

  constructor(streamId: string) {
    this.streamId = streamId;
  }

  /** Takes a look of this second; gives the minute that is over. */
  add(atMs: number, metrics: StreamMetrics): MinuteRow | undefined {
    const point = this.pointOf(atMs, metrics);
    const row = this.isNextMinute(atMs) ? this.takeMinute() : undefined;
    this.minute.push(point);
    this.seconds.add(point);
    return row;
  }

  /** What there is of the minute that is not over. */
  takeMinute(): MinuteRow | undefined {
    const row = this.minuteSoFar();
    this.minute = [];
    return row;
  }

  minuteSoFar(): MinuteRow | undefined {
    const begun = this.minute[0];
    if (begun === undefined) return undefined;
    return { streamId: this.streamId, ...foldPoints(begun.atMs - (begun.atMs % minuteMs), this.minute) };
  }

  /** A clock that is put right by less than a minute does not begin a minute again that was told before: its row would be written over. */
  private isNextMinute(atMs: number): boolean {
    const begun = this.minute[0];
    if (begun === undefined) return false;
    const minutesOn = Math.floor(atMs / minuteMs) - Math.floor(begun.atMs / minuteMs);
    return minutesOn > 0 || atMs < begun.atMs - minuteMs;
  }

  private pointOf(atMs: number, { viewers, ingest, bitrate_out_bps: bitrateOutBps, latency_ms, qoe }: StreamMetrics) {
    const frames = ingest?.frames ?? this.frames ?? 0;
    const dropped = ingest?.dropped_frames ?? this.dropped;
    // Another publisher counts from zero.
    const newFrames = frames < (this.frames ?? frames) ? frames : frames - (this.frames ?? frames);
    const newDropped = Math.max(0, dropped - this.dropped);
    this.frames = frames;
    this.dropped = dropped;
    return {
      ...{ atMs, viewers, viewersPeak: viewers, bitrateInBps: ingest?.bitrate_bps ?? 0, bitrateOutBps },
      ...{ fps: ingest?.fps ?? 0, frames: newFrames, droppedFrames: newDropped },
      latencyP50Ms: latency_ms.listed.p50,
      latencyP95Ms: latency_ms.listed.p95,
      rebufferRatio: qoe.rebuffer_ratio,
    };
  }
}
