/**
 * Some values for each of the last seconds, in one block of memory that is made once: what is written while frames come allocates
 * nothing.
 */
export class SecondRing {
  readonly seconds: number;
  private readonly empty: Float64Array;
  private readonly values: Float64Array;
  private offset = 0;
  private second: number | undefined;
  private filled = 0;

  /** `empty`: what each field of a second begins with: 0 for sums, ∞ for the least, 0 or −∞ for the most. */
  constructor(seconds: number, empty: readonly number[]) {
    this.seconds = seconds;
    this.empty = Float64Array.from(empty);
    this.values = new Float64Array(seconds * empty.length);
  }

  /** How many seconds are known, the one that runs included. */
  get length(): number {
    return this.filled;
  }

  /** Goes on to the second of `nowMs`; those that are skipped stay empty. */
  advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.second) return;
    const steps = this.second === undefined ? 1 : Math.min(this.seconds, Math.max(1, second - this.second));
    this.second = second;
    for (let step = 0; step < steps; step++) this.begin();
  }

  add(field: number, value: number): void {
    this.values[this.offset + field]! += value;
  }

  atLeast(field: number, value: number): void {
    const at = this.offset + field;
    if (value > this.values[at]!) this.values[at] = value;
  }

  atMost(field: number, value: number): void {
    const at = this.offset + field;
    if (value < this.values[at]!) this.values[at] = value;
  }

  /** The value of `ago` seconds before the one that runs (0). */
  get(field: number, ago: number): number {
    const { seconds, empty } = this;
    const slot = (this.offset / empty.length - ago + seconds) % seconds;
    return this.values[slot * empty.length + field]!;
  }

  sum(field: number, fromAgo = 0, untilAgo = this.filled): number {
    let sum = 0;
    for (let ago = fromAgo; ago < Math.min(untilAgo, this.filled); ago++) sum += this.get(field, ago);
    return sum;
  }

  most(field: number, fromAgo = 0, untilAgo = this.filled): number {
    let most = Number.NEGATIVE_INFINITY;
    for (let ago = fromAgo; ago < Math.min(untilAgo, this.filled); ago++) most = Math.max(most, this.get(field, ago));
    return most;
  }

  least(field: number, fromAgo = 0, untilAgo = this.filled): number {
    let least = Number.POSITIVE_INFINITY;
    for (let ago = fromAgo; ago < Math.min(untilAgo, this.filled); ago++) least = Math.min(least, this.get(field, ago));
    return least;
  }

  /** Takes fields back to what they begin with, in every second. */
  forget(fields: readonly number[]): void {
    const { values, empty } = this;
    for (let offset = 0; offset < values.length; offset += empty.length) {
      for (const field of fields) values[offset + field] = empty[field]!;
    }
  }

  private begin(): void {
    const { empty, values } = this;
    this.offset = (this.offset + empty.length) % values.length;
    values.set(empty, this.offset);
    if (this.filled < this.seconds) this.filled++;
  }
}
