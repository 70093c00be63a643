import type { Clock } from '../base/clock.ts';

/** Bit rate of a count of bytes that only grows, from one sample to the next. */
export class RateMeter {
  bitrateBps = 0;
  private readonly clock: Clock;
  private lastMs: number | undefined;
  private lastBytes = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  sample(bytes: number): void {
    const nowMs = this.clock.monotonicMs();
    const seconds = this.lastMs === undefined ? 0 : (nowMs - this.lastMs) / 1000;
    // A thread that begins anew counts from zero.
    const newBytes = bytes < this.lastBytes ? bytes : bytes - this.lastBytes;
    this.bitrateBps = seconds > 0 ? Math.round((newBytes * 8) / seconds) : 0;
    this.lastMs = nowMs;
    this.lastBytes = bytes;
  }
}
