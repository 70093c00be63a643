import type { MeasuredBitrate } from '../stream/feed.ts';

/** Peak and average bit rate over segments. */
export class BitrateMeter {
  private peakBps = 0;
  private totalBits = 0;
  private totalSeconds = 0;

  add(bits: number, seconds: number): void {
    if (seconds <= 0) return;
    this.totalBits += bits;
    this.totalSeconds += seconds;
    this.peakBps = Math.max(this.peakBps, Math.round(bits / seconds));
  }

  /** Undefined before the first segment. */
  get measured(): MeasuredBitrate | undefined {
    if (this.totalSeconds === 0) return undefined;
    return { peakBps: this.peakBps, averageBps: Math.round(this.totalBits / this.totalSeconds) };
  }
}
