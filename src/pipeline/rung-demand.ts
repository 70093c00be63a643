import type { Clock } from '../base/clock.ts';
import type { DemandSink } from '../stream/media-sink.ts';
import { type BudgetShare, shareBudget } from '../transcode/budget.ts';
import type { LadderPlan } from '../transcode/ladder.ts';

export interface RungDemandOptions {
  readonly sink: DemandSink;
  readonly clock: Clock;
  /** As long as segments are to be. */
  readonly segmentMs: number;
  /** What all ladders together may use. */
  readonly capacityCores: number;
  /** A rung rests from now on, or somebody asks for it. */
  readonly onChange: (name: string, isWanted: boolean) => void;
}

/** A rung is made at least this long after the last request for it, and no shorter than six target durations. */
const leastRestAfterMs = 30_000;
/** A rung that nobody has asked for is made at the beginning for as long as this many segments last. */
const primingSegments = 3;

/** Which rungs of one broadcast are asked for, where they are made on demand. */
export class RungDemand {
  /** Rungs that this machine could not even make if it made nothing else. */
  impossible: BudgetShare['withheld'] = [];
  private readonly options: RungDemandOptions;
  private plan: LadderPlan | undefined;
  private readonly restAtMs = new Map<string, number>();

  constructor(options: RungDemandOptions) {
    this.options = options;
  }

  /**
   * These are the rungs that can be made. Those of which nothing `isKnown` yet are made for a moment, so that they can be described to
   * players and what does not work is found out.
   */
  follow(plan: LadderPlan, isKnown: (name: string) => boolean): void {
    const { capacityCores, segmentMs } = this.options;
    const { rungs, decodeCostCores, keyframes } = plan;
    const alone = { id: '', rungs, decodeCostCores, needsTop: keyframes === 'grid', running: [] };
    this.plan = plan;
    this.impossible = shareBudget([alone], capacityCores)[0]!.withheld;
    for (const { name } of rungs) {
      if (this.isOffered(name) && !isKnown(name)) this.wake(name, primingSegments * segmentMs);
    }
  }

  /** Whether viewers may ask for it. */
  isOffered(name: string): boolean {
    const isPlanned = this.plan?.rungs.some((rung) => rung.name === name) === true;
    return isPlanned && !this.impossible.some((one) => one.name === name);
  }

  /** Whether it is to be made now. What leads in the source's place always is. */
  isAsked(name: string): boolean {
    return this.restAtMs.has(name) || (this.plan?.keyframes === 'grid' && this.plan.rungs[0]?.name === name);
  }

  /** Somebody asks for it. True when it was resting. */
  wanted(name: string): boolean {
    if (!this.isOffered(name)) return false;
    const { sink, onChange } = this.options;
    const wasResting = !this.isAsked(name);
    this.wake(name, Math.max(leastRestAfterMs, (sink.targetDurationSeconds ?? 0) * 6000));
    if (wasResting) onChange(name, true);
    return wasResting;
  }

  /** Those that nobody asked for lately rest from now on. True when there are any. */
  rest(): boolean {
    const { clock, onChange } = this.options;
    const nowMs = clock.monotonicMs();
    const tired = [...this.restAtMs].flatMap(([name, atMs]) => (atMs <= nowMs ? [name] : []));
    for (const name of tired) this.restAtMs.delete(name);
    const resting = tired.filter((name) => !this.isAsked(name));
    for (const name of resting) onChange(name, false);
    return resting.length > 0;
  }

  private wake(name: string, forMs: number): void {
    const atMs = this.options.clock.monotonicMs() + forMs;
    this.restAtMs.set(name, Math.max(this.restAtMs.get(name) ?? 0, atMs));
  }
}
