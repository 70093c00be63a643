import { BlockList, isIPv6 } from 'node:net';
import { addressGroup } from '../../base/address-group.ts';

/**
 * Counts open connections by address (IPv6: by /64), so that none has more than its share. Trusted proxies are not counted: behind their addresses
 * are many viewers.
 */
export class AddressLimit {
  private readonly maxPerAddress: number;
  private readonly proxies = new BlockList();
  private readonly counts = new Map<string, number>();

  /** `maxPerAddress` 0: no cap, and nothing is counted. `trustedProxies`: addresses, and networks such as 10.0.0.0/8 or 2001:db8::/32. */
  constructor(maxPerAddress: number, trustedProxies: readonly string[]) {
    this.maxPerAddress = maxPerAddress;
    for (const proxy of trustedProxies) {
      const [network = '', bits] = proxy.split('/');
      if (bits === undefined) this.proxies.addAddress(network, familyOf(network));
      else this.proxies.addSubnet(network, Number(bits), familyOf(network));
    }
  }

  /** Counts a connection that `leave` is called for in its time. Whether there was room for it. Who is gone already has no address: ''. */
  enter(address: string): boolean {
    if (this.maxPerAddress === 0 || address === '' || this.isProxy(address)) return true;
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

  private isProxy(address: string): boolean {
    return this.proxies.check(address, familyOf(address));
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
