/** Times of thousands of viewers at the price of one timer: entries lie in slots of `tickMs`, and come out when their slot has passed. */
export class TimerWheel<Entry> {
  private readonly tickMs: number;
  private readonly slots: Entry[][];
  /** The first tick that has not come out yet. */
  private tick: number;

  /** The wheel reaches `tickMs * slotCount` ahead. */
  constructor(options: { readonly tickMs: number; readonly slotCount: number; readonly nowMs: number }) {
    this.tickMs = options.tickMs;
    this.slots = Array.from({ length: options.slotCount }, () => []);
    this.tick = Math.floor(options.nowMs / options.tickMs);
  }

  /** What lies beyond the wheel's reach comes out at its end: whoever is woken looks whether it is time. */
  add(entry: Entry, atMs: number): void {
    const wanted = Math.ceil(atMs / this.tickMs);
    const tick = Math.min(Math.max(wanted, this.tick), this.tick + this.slots.length - 1);
    this.slots[tick % this.slots.length]!.push(entry);
  }

  /** Hands out all entries that are due by `nowMs`. They may be added again at once. */
  advance(nowMs: number, wake: (entry: Entry) => void): void {
    const until = Math.floor(nowMs / this.tickMs);
    while (this.tick <= until) {
      const index = this.tick % this.slots.length;
      const due = this.slots[index]!;
      this.tick++;
      if (due.length === 0) continue;
      this.slots[index] = [];
      for (const entry of due) wake(entry);
    }
  }
}
