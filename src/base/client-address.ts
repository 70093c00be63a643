import { BlockList, isIP, isIPv6 } from 'node:net';

/** Addresses and networks whose word on whom they forward for is taken: `http.trusted_proxies`. */
export class TrustedProxies {
  private readonly networks = new BlockList();

  /** `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`. */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [network = '', bits] = proxy.split('/');
      if (bits === undefined) this.networks.addAddress(network, familyOf(network));
      else this.networks.addSubnet(network, Number(bits), familyOf(network));
    }
  }

  has(address: string): boolean {
    return this.networks.check(address, familyOf(address));
  }
}

/** The headers in which proxies tell for whom they ask; names in lower case, repeated ones joined by commas. */
export interface ForwardingHeaders {
  readonly 'x-forwarded-for'?: string | readonly string[] | undefined;
  readonly forwarded?: string | readonly string[] | undefined;
}

/** A chain longer than this is nobody's who is honest. */
const maxHops = 32;

/**
 * Whose request it is: the peer's own address, or, where the peer is a trusted proxy, the last address in the chain of
 * X-Forwarded-For that is not one. Forwarded (RFC 7239) counts only without X-Forwarded-For: a proxy that writes the one may
 * pass the other on as a stranger wrote it.
 */
export function clientAddress(peer: string, headers: ForwardingHeaders, proxies: TrustedProxies): string {
  let address = plain(peer);
  if (address === '' || !proxies.has(address)) return address;
  const hops = hopsOf(headers);
  for (let at = hops.length - 1; at >= 0 && hops.length - at <= maxHops; at--) {
    const hop = addressOf(hops[at]!);
    if (hop === undefined) return address;
    address = hop;
    if (!proxies.has(address)) return address;
  }
  return address;
}

function hopsOf({ 'x-forwarded-for': list, forwarded }: ForwardingHeaders): string[] {
  if (list !== undefined) return joined(list).split(',');
  if (forwarded === undefined) return [];
  return joined(forwarded)
    .split(',')
    .map((element) => /(?:^|;)\s*for="?([^";]*)"?/i.exec(element)?.[1] ?? '');
}

function joined(value: string | readonly string[]): string {
  return typeof value === 'string' ? value : value.join(',');
}

/** `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::1`, `[2001:db8::1]:5678`; undefined for `unknown`, `_hidden` and whatever else is no address. */
function addressOf(hop: string): string | undefined {
  const text = hop.trim();
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? [];
  const [, withPort] = /^([\d.]+):\d+$/.exec(text) ?? [];
  const address = bracketed ?? withPort ?? text;
  return isIP(address) === 0 ? undefined : plain(address);
}

/** An IPv4 address as such, also when it came within IPv6. */
function plain(address: string): string {
  const inner = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : '';
  return isIP(inner) === 4 ? inner : address;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
