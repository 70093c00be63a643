/** So many media sequence numbers are looked at. */
const span = 8;
/** A viewer has to have asked for this many numbers in a row: who asks again for what failed does so once. */
const inARow = 3;
/** More viewers than this that nothing tells apart are not told from each other. */
const most = 2 ** 20 - 1;
/** With that, times so exact fit into one number for 27 years. */
const exactMs = 100;

/**
 * How often each segment was asked for, of the newest few. A player asks for every segment once, so as often as it was asked for, so many
 * players there are, however they share connections, proxies and addresses.
 */
export class NumberTally {
  /** Of each number, when it was first asked for (monotonic ms) and how often, in one: two would take twice the memory. A fraction makes them bare doubles. */
  private readonly asked: number[] = new Array(span).fill(0.5).fill(0);
  private newest = 0;

  /** Somebody asked for it, or for its first part. Gives how many have by now; 0 for one too old to be looked at. */
  add(msn: number, nowMs: number): number {
    if (msn <= this.newest - span) return 0;
    if (msn > this.newest) {
      for (let number = Math.max(this.newest + 1, msn - span + 1); number <= msn; number++)
        this.asked[number % span] = 0;
      this.newest = msn;
    }
    const before = this.asked[msn % span] || Math.floor(nowMs / exactMs) * (most + 1);
    const count = Math.min(countOf(before) + 1, most);
    this.asked[msn % span] = before - countOf(before) + count;
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
      for (let number = last; number > last - inARow; number--)
        least = Math.min(least, countOf(this.asked[number % span]!));
      if (least > 1) visit(least, Math.floor(this.asked[last % span]! / (most + 1)) * exactMs);
    }
  }
}

function countOf(asked: number): number {
  return asked % (most + 1);
}
