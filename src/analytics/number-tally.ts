/** So many media sequence numbers are looked at. */
const span = 8;
/** A viewer has to have asked for this many numbers in a row: who asks again for what failed does so once. */
const inARow = 3;

/**
 * How often each segment was asked for, of the newest few. A player asks for every segment once, so as often as it was asked for, so many
 * players there are, however they share connections, proxies and addresses.
 */
export class NumberTally {
  /** Of each number, how often it was asked for, and when first (monotonic ms). A typed array of so few takes most of its memory for itself. */
  private readonly asked: number[] = new Array(2 * span).fill(0);
  private newest = 0;

  /** Somebody asked for it, or for its first part. Gives how many have by now; 0 for one too old to be looked at. */
  add(msn: number, nowMs: number): number {
    if (msn <= this.newest - span) return 0;
    if (msn > this.newest) {
      for (let number = Math.max(this.newest + 1, msn - span + 1); number <= msn; number++)
        this.asked[countAt(number)] = 0;
      this.newest = msn;
    }
    const count = this.asked[countAt(msn)]! + 1;
    this.asked[countAt(msn)] = count;
    // Whole numbers: others would take memory of their own.
    if (count === 1) this.asked[countAt(msn) + 1] = Math.floor(nowMs);
    return count;
  }

  /**
   * Calls with a number of viewers, and when they were last seen to be so many: for each run of numbers, the newest of which all have had time
   * to ask for.
   */
  viewers(visit: (count: number, atMs: number) => void): void {
    // Whoever is a little behind has not yet asked for the newest.
    for (let last = this.newest - 1; last - inARow > this.newest - span - 1 && last >= inARow; last--) {
      let least = Number.POSITIVE_INFINITY;
      for (let number = last; number > last - inARow; number--) least = Math.min(least, this.asked[countAt(number)]!);
      if (least > 1) visit(least, this.asked[countAt(last) + 1]!);
    }
  }
}

function countAt(number: number): number {
  return 2 * (number % span);
}
