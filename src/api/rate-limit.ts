import type { Identity } from '../access/identity.ts';
import { addressGroup } from '../base/address-group.ts';
import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { type Allowance, TokenBuckets } from './token-buckets.ts';

/** About 1 MB of callers. */
const maxCallers = 10_000;

/** How often the API may be asked. Nobody is limited over the local socket. */
export class RateLimit {
  /** Of a token, a stream key, or an address that need not say who it is. */
  private readonly requests: TokenBuckets;
  /** Of an address that does not say who it is where it must: a flood of guesses costs us no more than the looking up. */
  private readonly refusals: TokenBuckets;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.requests = new TokenBuckets({ burst: 500, perSecond: 100, maxCallers, clock });
    this.refusals = new TokenBuckets({ burst: 60, perSecond: 2, maxCallers, clock });
  }

  /** For a request that may be made. Returns the headers of its answer; throws API_RATE_LIMITED. */
  admit(identity: Identity | undefined, remoteAddress: string | undefined): Readonly<Record<string, string>> {
    if (identity?.kind === 'local') return {};
    const caller = identity === undefined ? addressCaller(remoteAddress) : callerOf(identity);
    const allowance = this.requests.take(caller);
    if (!allowance.isAllowed) throw limited(allowance);
    const { burst, perSecond } = this.requests;
    return {
      // draft-ietf-httpapi-ratelimit-headers: q requests in w seconds; r of them remain, t seconds until all do.
      'ratelimit-policy': `"requests";q=${burst};w=${burst / perSecond}`,
      ratelimit: `"requests";r=${allowance.remaining};t=${allowance.resetSeconds}`,
    };
  }

  /** For a request that does not say who makes it. Throws API_RATE_LIMITED. */
  refuse(remoteAddress: string | undefined): void {
    const allowance = this.refusals.take(addressCaller(remoteAddress));
    if (!allowance.isAllowed) throw limited(allowance);
  }
}

/** Names who asks, apart from everybody else. */
export function callerOf(identity: Identity): string {
  if (identity.kind === 'token') return `token:${identity.tokenId}`;
  return identity.kind === 'stream-key' ? `key:${identity.keyId}` : 'local';
}

function addressCaller(remoteAddress = ''): string {
  return `address:${addressGroup(remoteAddress)}`;
}

function limited({ resetSeconds }: Allowance): StreamctlError {
  return new StreamctlError('API_RATE_LIMITED', { retryAfterSeconds: resetSeconds });
}
