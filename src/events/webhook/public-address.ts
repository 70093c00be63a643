import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { StreamctlError } from '../../base/errors.ts';

/** All addresses of a host name; rejects as `dns.lookup` does. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>;

/** What the public IPv6 internet is made of (RFC 4291 §2.4): whatever carries an IPv4 address in it, or is local, lies outside or has a name. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** A public address that every machine at Azure reaches its host by. */
const azureHost = '168.63.129.16';

/** Whether an address belongs to the public internet, and not to this machine, its network, or a cloud's services for machines. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address); // ::ffff:10.0.0.1 is 10.0.0.1
  if (parsed.kind() === 'ipv6' && !parsed.match(globalUnicast)) return false;
  return parsed.range() === 'unicast' && parsed.toString() !== azureHost;
}

/** Throws EVENTS_TARGET_PRIVATE for a host that is written as an address which is not public. */
export function checkLiteralHost(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(address) && !isPublicAddress(address)) {
    throw new StreamctlError('EVENTS_TARGET_PRIVATE', { host: hostname, address });
  }
}

/**
 * Resolves a name for one connection: what was looked at is what is connected to, so a name that answers differently the next time
 * gains nothing. Fails with EVENTS_TARGET_PRIVATE as soon as one of the addresses is not public.
 */
export function publicLookup(resolve: ResolveHost = resolveHost): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const inside = addresses.find(({ address }) => !isPublicAddress(address));
        const [first] = addresses;
        if (inside !== undefined || first === undefined) {
          const { address } = inside ?? { address: 'nothing' };
          callback(new StreamctlError('EVENTS_TARGET_PRIVATE', { host: hostname, address }), []);
        } else if (options.all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}

function resolveHost(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)));
  });
}
