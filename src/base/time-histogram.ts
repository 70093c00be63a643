/** A histogram as plain data that crosses threads. */
export interface TimeHistogramFigures {
  /** Upper ends of the buckets, seconds, rising. */
  readonly bounds: readonly number[];
  /** How many fell into each bucket; one more than there are bounds, for what is above them all. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
}

/** Durations counted by buckets since the start, as Prometheus wants them. Adding takes no memory. */
export class TimeHistogram {
  private readonly bounds: readonly number[];
  private readonly counts: Float64Array;
  private sumSeconds = 0;

  /** `bounds`: upper ends of the buckets, seconds, rising. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  add(seconds: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sumSeconds += seconds;
  }

  figures(): TimeHistogramFigures {
    return { bounds: this.bounds, counts: [...this.counts], sumSeconds: this.sumSeconds };
  }
}
