import { addressGroup } from '../base/address-group.ts';

/** Bounded room, in all and for each address (IPv6: each /64). */
export class Occupancy {
  private readonly max: number;
  private readonly maxPerAddress: number;
  private readonly counts = new Map<string, number>();
  private total = 0;

  constructor(max: number, maxPerAddress: number) {
    this.max = max;
    this.maxPerAddress = maxPerAddress;
  }

  /** Takes a place; what it returns gives it back. Undefined: there is none. */
  enter(address: string): (() => void) | undefined {
    const group = addressGroup(address);
    const count = this.counts.get(group) ?? 0;
    if (this.total >= this.max || count >= this.maxPerAddress) return undefined;
    this.counts.set(group, count + 1);
    this.total++;
    return () => this.leave(group);
  }

  private leave(group: string): void {
    this.total--;
    const count = this.counts.get(group) ?? 1;
    if (count === 1) this.counts.delete(group);
    else this.counts.set(group, count - 1);
  }
}
