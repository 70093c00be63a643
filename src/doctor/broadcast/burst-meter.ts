const binMs = 100;
const binsPerSecond = 1000 / binMs;

export interface BurstFigures {
  /** Over all that is known. */
  readonly averageBps: number;
  /** The most in any second. */
  readonly peakBps: number;
}

/** How unevenly bytes are spread over media time: the last minute in steps of 100 ms. */
export class BurstMeter {
  private readonly bins = new Uint32Array(60 * binsPerSecond);
  private newest: number | undefined;
  private oldest = 0;

  add(dtsMs: number, sizeBytes: number): void {
    const { bins } = this;
    const bin = Math.floor(dtsMs / binMs);
    const newest = this.newest ?? bin;
    if (this.newest === undefined || bin - newest >= bins.length || newest - bin >= bins.length) {
      bins.fill(0);
      this.newest = bin;
      this.oldest = bin;
    } else if (bin > newest) {
      for (let at = newest + 1; at <= bin; at++) bins[at % bins.length] = 0;
      this.newest = bin;
      this.oldest = Math.max(this.oldest, bin - bins.length + 1);
    }
    bins[((bin % bins.length) + bins.length) % bins.length]! += sizeBytes;
  }

  /** Undefined before there are two seconds. */
  figures(): BurstFigures | undefined {
    const { bins, newest, oldest } = this;
    // The newest bin is not complete.
    if (newest === undefined || newest - oldest < 2 * binsPerSecond) return undefined;
    let total = 0;
    let running = 0;
    let most = 0;
    for (let bin = oldest; bin < newest; bin++) {
      const bytes = bins[((bin % bins.length) + bins.length) % bins.length]!;
      const leaving = bin - binsPerSecond;
      total += bytes;
      running += bytes - (leaving < oldest ? 0 : bins[((leaving % bins.length) + bins.length) % bins.length]!);
      if (running > most) most = running;
    }
    return { averageBps: (total * 8 * binsPerSecond) / (newest - oldest), peakBps: most * 8 };
  }
}
