import type { Clock } from '../../src/base/clock.ts';

/** Real time, which a test may skip some of: timers that become due by it fire at once. */
export class SkippableClock implements Clock {
  private skippedMs = 0;
  private readonly timers = new Set<{ atMs: number; fire: () => void }>();

  monotonicMs(): number {
    return performance.now() + this.skippedMs;
  }

  wallMs(): number {
    return Date.now() + this.skippedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const cancel = () => {
      clearTimeout(timeout);
      this.timers.delete(timer);
    };
    const fire = () => {
      cancel();
      callback();
    };
    const timer = { atMs: this.monotonicMs() + delayMs, fire };
    const timeout = setTimeout(fire, delayMs);
    this.timers.add(timer);
    return cancel;
  }

  skip(byMs: number): void {
    this.skippedMs += byMs;
    const nowMs = this.monotonicMs();
    for (const timer of [...this.timers].sort((a, b) => a.atMs - b.atMs)) {
      if (timer.atMs <= nowMs && this.timers.has(timer)) timer.fire();
    }
  }
}
