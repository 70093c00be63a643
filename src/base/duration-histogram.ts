/** Eight buckets an octave, from 4 ms to half a minute: a percentile is at most 9 % above the value it stands for. */
const bucketsPerOctave = 8;
const leastMs = 4;
export const durationBuckets = 13 * bucketsPerOctave;

/** How many durations fell into each bucket. Adding takes no memory; whoever wants the last minute subtracts what was there before. */
export class DurationHistogram {
  readonly counts: Uint32Array;

  constructor(counts = new Uint32Array(durationBuckets)) {
    this.counts = counts;
  }

  add(ms: number): void {
    const bucket = ms <= leastMs ? 0 : Math.ceil(Math.log2(ms / leastMs) * bucketsPerOctave);
    this.counts[bucket < durationBuckets ? bucket : durationBuckets - 1]!++;
  }

  /** What so many of a hundred did not exceed, ms; null where nothing was counted. */
  percentile(percent: number): number | null {
    let total = 0;
    for (const count of this.counts) total += count;
    if (total === 0) return null;
    const rank = Math.max(1, Math.ceil((percent / 100) * total));
    let below = 0;
    let bucket = -1;
    while (below < rank) below += this.counts[++bucket]!;
    return Math.round(leastMs * 2 ** (bucket / bucketsPerOctave));
  }
}
