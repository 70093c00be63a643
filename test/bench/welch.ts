/** Mean and variance of values one by one (Welford), so that none has to be kept. */
export class Sample {
  count = 0;
  mean = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    const delta = value - this.mean;
    this.mean += delta / this.count;
    this.squares += delta * (value - this.mean);
  }

  get variance(): number {
    return this.squares / (this.count - 1);
  }
}

/**
 * Welch's t of two samples: beyond ±4.5 their means differ by more than chance (the threshold of dudect, "dude, is my code constant
 * time?", Reparaz et al. 2017).
 */
export function welchT(a: Sample, b: Sample): number {
  const error = Math.sqrt(a.variance / a.count + b.variance / b.count);
  return error === 0 ? 0 : (a.mean - b.mean) / error;
}

/** A sample without its slowest `share`: what interrupted it says nothing of what was measured. */
export function sampleWithoutTail(values: readonly number[], share: number): Sample {
  const kept = values.toSorted((a, b) => a - b).slice(0, Math.ceil(values.length * (1 - share)));
  const sample = new Sample();
  for (const value of kept) sample.add(value);
  return sample;
}
