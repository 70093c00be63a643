import { commonFrameRate } from '../media/frame-rate.ts';

const historyLength = 32;

/** A measured rate this near to a common one is meant to be it (two seconds in milliseconds are known to 0.05 %). */
const commonTolerance = 0.0015;

/**
 * The distance between frames, learnt from their decode times, for cutting a part before the next frame is there.
 * RTMP counts in milliseconds, so 29.97 fps arrives as 33, 33, 34: the mean of what lies near the median is right to a fraction of that.
 */
export class FrameInterval {
  private readonly history = new Int32Array(historyLength);
  private readonly sorted = new Int32Array(historyLength);
  private count = 0;
  private sinceEstimate = 0;
  private estimateTicks = 0;
  /** The regular run that goes on: its frames and how long they took. */
  private runFrames = 0;
  private runTicks = 0;

  /** Ticks between frames; undefined until two frames have been seen. */
  get ticks(): number | undefined {
    return this.count === 0 ? undefined : this.estimateTicks;
  }

  add(intervalTicks: number): void {
    this.history[this.count % historyLength] = intervalTicks;
    this.count++;
    if (this.runFrames > 0 && Math.abs(intervalTicks - this.estimateTicks) > this.estimateTicks * 0.25) {
      this.runFrames = 0;
      this.runTicks = 0;
    }
    this.runFrames++;
    this.runTicks += intervalTicks;
    // Early on every frame teaches much; later one in eight is enough.
    if (this.count > historyLength && ++this.sinceEstimate < 8) return;
    this.sinceEstimate = 0;
    this.estimate();
  }

  /** Frames per second, a common rate where the measure is close to one. */
  framesPerSecond(timescale: number): number | undefined {
    if (this.count === 0) return undefined;
    const measured = (timescale * this.runFrames) / this.runTicks;
    const common = commonFrameRate(measured, commonTolerance);
    return common === undefined ? Math.round(measured * 100) / 100 : common.numerator / common.denominator;
  }

  private estimate(): void {
    const known = Math.min(this.count, historyLength);
    const sorted = this.sorted.subarray(0, known);
    sorted.set(this.history.subarray(0, known));
    sorted.sort();
    const median = sorted[known >> 1] ?? 0;
    let sum = 0;
    let near = 0;
    for (const value of sorted) {
      if (Math.abs(value - median) > median * 0.25) continue;
      sum += value;
      near++;
    }
    this.estimateTicks = near === 0 ? median : sum / near;
  }
}
