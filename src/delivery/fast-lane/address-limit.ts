import { addressGroup } from '../../base/address-group.ts';
import type { TrustedProxies } from '../../base/client-address.ts';

/**
 * Counts open connections by address (IPv6: by /64), so that none has more than its share. Trusted proxies are not counted: behind their addresses
 * are many viewers.
 */
export class AddressLimit {
  private readonly maxPerAddress: number;
  private readonly proxies: TrustedProxies;
  private readonly counts = new Map<string, number>();

  /** `maxPerAddress` 0: no cap, and nothing is counted. */
  constructor(maxPerAddress: number, proxies: TrustedProxies) {
    this.maxPerAddress = maxPerAddress;
    this.proxies = proxies;
  }

  /** Counts a connection that `leave` is called for in its time. Whether there was room for it. Who is gone already has no address: ''. */
  enter(address: string): boolean {
    if (this.maxPerAddress === 0 || address === '' || this.proxies.has(address)) return true;
    const group = addressGroup(address);
    const count = (this.counts.get(group) ?? 0) + 1;
    this.counts.set(group, count);
    return count <= this.maxPerAddress;
  }

  leave(address: string): void {
    const group = addressGroup(address);
    const count = this.counts.get(group);
    if (count === undefined) return;
    if (count === 1) this.counts.delete(group);
    else this.counts.set(group, count - 1);
  }
}
