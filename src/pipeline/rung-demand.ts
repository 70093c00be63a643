import type { Clock } from '../base/clock.ts';

/** A rung that nobody asks for is made this long at least. */
const leastRestAfterMs = 30_000;

/** Which rungs of one broadcast are asked for, where they are made on demand. */
export class RungDemand {
  private readonly clock: Clock;
  private readonly restAtMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  isAwake(name: string): boolean {
    return this.restAtMs.has(name);
  }

  /** Somebody asks for it. True when it was resting. */
  wanted(name: string, targetDurationSeconds: number | undefined): boolean {
    return this.wake(name, Math.max(leastRestAfterMs, (targetDurationSeconds ?? 0) * 6000));
  }

  /** It is to be made for this long at least. True when it was resting. */
  wake(name: string, forMs: number): boolean {
    const before = this.restAtMs.get(name);
    this.restAtMs.set(name, Math.max(before ?? 0, this.clock.monotonicMs() + forMs));
    return before === undefined;
  }

  /** Those that nobody asked for lately rest from now on; gives their names. */
  rest(): string[] {
    const nowMs = this.clock.monotonicMs();
    const tired = [...this.restAtMs].flatMap(([name, atMs]) => (atMs <= nowMs ? [name] : []));
    for (const name of tired) this.restAtMs.delete(name);
    return tired;
  }
}
