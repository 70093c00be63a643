import type { StreamPoint } from '../store/ports/minute-store.ts';

/** What is kept of each second, one column each. */
const columns = 8;
const firstSize = 64;
const nothing = Number.NaN;

/** A stream's last hour by the second, in 36 bytes a second; a stream that has just begun takes less. */
export class SecondRing {
  private readonly maxSeconds: number;
  private values: Float32Array;
  /** Seconds since the epoch. */
  private times: Uint32Array;
  private count = 0;

  constructor(maxSeconds = 3600) {
    const size = Math.min(firstSize, maxSeconds);
    this.maxSeconds = maxSeconds;
    this.values = new Float32Array(size * columns);
    this.times = new Uint32Array(size);
  }

  add(point: Omit<StreamPoint, 'viewersPeak'>): void {
    if (this.count === this.times.length && this.count < this.maxSeconds) this.grow();
    const at = this.count % this.times.length;
    this.times[at] = Math.floor(point.atMs / 1000);
    this.values.set(
      [
        ...[point.viewers, point.bitrateInBps, point.bitrateOutBps, point.fps, point.frames, point.droppedFrames],
        ...[point.latencyP50Ms ?? nothing, point.latencyP95Ms ?? nothing],
      ],
      at * columns,
    );
    this.count++;
  }

  /** Seconds that begin in [fromMs, toMs), the newest `limit` of them, oldest first. */
  between(fromMs: number, toMs: number, limit: number): StreamPoint[] {
    const points: StreamPoint[] = [];
    const oldest = Math.max(0, this.count - this.times.length);
    for (let number = this.count - 1; number >= oldest && points.length < limit; number--) {
      const at = number % this.times.length;
      const atMs = this.times[at]! * 1000;
      if (atMs >= fromMs && atMs < toMs) points.push(this.pointAt(at, atMs));
    }
    return points.reverse();
  }

  private pointAt(at: number, atMs: number): StreamPoint {
    const [viewers = 0, bitrateInBps = 0, bitrateOutBps = 0, fps = 0, frames = 0, droppedFrames = 0, p50, p95] =
      this.values.subarray(at * columns, (at + 1) * columns);
    return {
      ...{ atMs, viewers, viewersPeak: viewers, bitrateInBps, bitrateOutBps, frames, droppedFrames },
      fps: Math.round(fps * 10) / 10, // what single precision adds is no figure
      latencyP50Ms: orNull(p50),
      latencyP95Ms: orNull(p95),
      rebufferRatio: null,
    };
  }

  /** Before it is full it was never written around: what there is keeps its place. */
  private grow(): void {
    const size = Math.min(this.maxSeconds, this.times.length * 2);
    const times = new Uint32Array(size);
    const values = new Float32Array(size * columns);
    times.set(this.times);
    values.set(this.values);
    this.times = times;
    this.values = values;
  }
}

function orNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
