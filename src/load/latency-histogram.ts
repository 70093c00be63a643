/** The usual figures of a set of measurements, in the unit of the measurements. */
export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Each bucket is 1 % wider than the one before: from 0.01 ms to beyond 100 s. */
const leastMs = 0.01;
const growth = Math.log(1.01);
const bucketCount = 1640;

/** What goes from one process to another. */
export interface HistogramCounts {
  readonly counts: Uint32Array;
  readonly maxMs: number;
}

/** Millions of measurements in 6.5 kB. Percentiles are the upper ends of their buckets: never flattering, and at most 1 % too high. */
export class LatencyHistogram implements HistogramCounts {
  readonly counts = new Uint32Array(bucketCount);
  maxMs = 0;

  add(ms: number): void {
    const bucket = ms <= leastMs ? 0 : Math.min(bucketCount - 1, Math.ceil(Math.log(ms / leastMs) / growth));
    this.counts[bucket]!++;
    if (ms > this.maxMs) this.maxMs = ms;
  }

  merge(other: HistogramCounts): void {
    for (let bucket = 0; bucket < bucketCount; bucket++) this.counts[bucket]! += other.counts[bucket]!;
    this.maxMs = Math.max(this.maxMs, other.maxMs);
  }

  clear(): void {
    this.counts.fill(0);
    this.maxMs = 0;
  }

  /** Undefined when nothing was measured. */
  distribution(): Distribution | undefined {
    const count = this.counts.reduce((sum, value) => sum + value, 0);
    if (count === 0) return undefined;
    const at = (percent: number) => this.valueAt(Math.max(1, Math.ceil((percent / 100) * count)));
    return { count, p50: at(50), p95: at(95), p99: at(99), max: this.maxMs };
  }

  /** The value of the nearest rank, counted from 1. */
  private valueAt(rank: number): number {
    let below = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      below += this.counts[bucket]!;
      if (below >= rank) return Math.min(this.maxMs, leastMs * Math.exp(bucket * growth));
    }
    return this.maxMs;
  }
}
