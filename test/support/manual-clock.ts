import type { Clock } from '../../src/base/clock.ts';

/** Time that moves only when a test says so. Timers fire in order while it moves. */
export class ManualClock implements Clock {
  private nowMs = 1_000;
  private wallOffsetMs: number;
  private timers: { atMs: number; callback: () => void }[] = [];

  constructor(wallMs = Date.UTC(2026, 0, 1)) {
    this.wallOffsetMs = wallMs - this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.nowMs + this.wallOffsetMs;
  }

  /** As an administrator, or NTP, does. */
  setWallBy(ms: number): void {
    this.wallOffsetMs += ms;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  advance(byMs: number): void {
    const untilMs = this.nowMs + byMs;
    for (;;) {
      const due = this.timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.callback();
    }
    this.nowMs = untilMs;
  }
}
