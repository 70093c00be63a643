/** So many media sequence numbers are looked at. */
const span = 8;
/** A viewer has to have asked for this many numbers in a row: who asks again for what failed does so once. */
const inARow = 3;

/**
 * How often each segment was asked for, of the newest few. A player asks for every segment once, so as often as it was asked for, so many
 * players there are, however they share connections, proxies and addresses.
 */
export class NumberTally {
  private readonly counts = new Uint16Array(span);
  /** When each number was first asked for, monotonic ms. */
  private readonly firstAtMs = new Float64Array(span);
  private newest = 0;

  /** Somebody asked for it, or for its first part. Gives how many have by now; 0 for one too old to be looked at. */
  add(msn: number, nowMs: number): number {
    if (msn <= this.newest - span) return 0;
    if (msn > this.newest) {
      for (let number = Math.max(this.newest + 1, msn - span + 1); number <= msn; number++)
        this.counts[number % span] = 0;
      this.newest = msn;
    }
    if (this.counts[msn % span]! < 0xffff) this.counts[msn % span]!++;
    if (this.counts[msn % span] === 1) this.firstAtMs[msn % span] = nowMs;
    return this.counts[msn % span]!;
  }

  /**
   * Calls with a number of viewers, and when they were last seen to be so many: for each run of numbers, the newest of which all have had time
   * to ask for.
   */
  viewers(visit: (count: number, atMs: number) => void): void {
    // Whoever is a little behind has not yet asked for the newest.
    for (let last = this.newest - 1; last - inARow > this.newest - span - 1 && last >= inARow; last--) {
      let least = Number.POSITIVE_INFINITY;
      for (let number = last; number > last - inARow; number--) least = Math.min(least, this.counts[number % span]!);
      if (least > 1) visit(least, this.firstAtMs[last % span]!);
    }
  }
}
