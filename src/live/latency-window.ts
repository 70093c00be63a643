import { DurationHistogram, durationBuckets } from '../base/duration-histogram.ts';
import type { Percentiles } from '../contract/live-metrics.ts';

const slotSeconds = 10;
const slots = 6;

/** Durations of the last minute, of counts that only grow at several places: what has come since the last look is what happened. */
export class LatencyWindow {
  private readonly slots = Array.from({ length: slots }, () => new Uint32Array(durationBuckets));
  private readonly known = new Map<string, Uint32Array>();
  private second = 0;

  /** To be called once a second, before what has come in it. */
  advance(): void {
    this.second++;
    if (this.second % slotSeconds === 0) this.slot.fill(0);
  }

  /** `place`: where it was counted. One that begins anew is taken as it is. */
  take(place: string, counts: Uint32Array): void {
    let before = this.known.get(place);
    if (before === undefined) {
      before = new Uint32Array(durationBuckets);
      this.known.set(place, before);
    }
    const { slot } = this;
    const isNew = counts.some((count, bucket) => count < before[bucket]!);
    for (let bucket = 0; bucket < durationBuckets; bucket++) {
      slot[bucket]! += counts[bucket]! - (isNew ? 0 : before[bucket]!);
    }
    before.set(counts);
  }

  percentiles(): Percentiles {
    const sum = new DurationHistogram();
    for (const slot of this.slots) {
      for (let bucket = 0; bucket < durationBuckets; bucket++) sum.counts[bucket]! += slot[bucket]!;
    }
    return { p50: sum.percentile(50), p95: sum.percentile(95) };
  }

  private get slot(): Uint32Array {
    return this.slots[Math.floor(this.second / slotSeconds) % slots]!;
  }
}
