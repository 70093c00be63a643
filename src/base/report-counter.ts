import type { Clock } from './clock.ts';

/**
 * Turns a flood of reports into one a second: the first passes at once, the rest are counted and told with the next one that passes.
 * `report(count)` gets how many reports this one stands for, itself included.
 */
export class ReportCounter {
  private readonly clock: Clock;
  private readonly intervalMs: number;
  private suppressed = 0;
  private nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, intervalMs = 1000) {
    this.clock = clock;
    this.intervalMs = intervalMs;
  }

  count(report: (count: number) => void): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs < this.nextAtMs) {
      this.suppressed++;
      return;
    }
    this.nextAtMs = nowMs + this.intervalMs;
    const count = this.suppressed + 1;
    this.suppressed = 0;
    report(count);
  }
}
