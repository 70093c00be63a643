import type { Clock } from '../base/clock.ts';

/**
 * How many viewers a stream has now: distinct addresses and players that asked for a playlist lately. Two sets take turns, so that
 * forgetting costs nothing and nothing outlives two periods.
 */
export class Audience {
  private readonly clock: Clock;
  private readonly periodMs: number;
  private current = new Set<string>();
  private previous = new Set<string>();
  private turnAtMs: number;

  constructor(clock: Clock, periodMs: number) {
    this.clock = clock;
    this.periodMs = periodMs;
    this.turnAtMs = clock.monotonicMs() + periodMs;
  }

  seen(viewer: string): void {
    this.turn();
    this.current.add(viewer);
  }

  get size(): number {
    this.turn();
    let count = this.current.size;
    for (const viewer of this.previous) if (!this.current.has(viewer)) count++;
    return count;
  }

  private turn(): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs < this.turnAtMs) return;
    this.previous = nowMs < this.turnAtMs + this.periodMs ? this.current : new Set();
    this.current = new Set();
    this.turnAtMs = nowMs + this.periodMs;
  }
}
