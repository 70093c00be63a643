import type { Clock } from '../base/clock.ts';

export interface TokenBucketsOptions {
  /** How many requests a caller may make at once, after a rest. */
  readonly burst: number;
  /** How many it may make for ever. */
  readonly perSecond: number;
  /** How many callers are remembered; who has been silent for longest is forgotten first. */
  readonly maxCallers: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** What became of one request: whether it may be made, how many more may follow, and when there will be more. */
export interface Allowance {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Until the next request is allowed (where this one is not), else until the bucket is full. */
  readonly resetSeconds: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A token bucket for each caller, in bounded memory. */
export class TokenBuckets {
  readonly burst: number;
  readonly perSecond: number;
  private readonly maxCallers: number;
  private readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Oldest first. */
  private readonly buckets = new Map<string, Bucket>();

  constructor({ burst, perSecond, maxCallers, clock }: TokenBucketsOptions) {
    this.burst = burst;
    this.perSecond = perSecond;
    this.maxCallers = maxCallers;
    this.clock = clock;
  }

  /** How many callers are remembered now. */
  get size(): number {
    return this.buckets.size;
  }

  /** Takes one request out of a caller's bucket. */
  take(caller: string): Allowance {
    const nowMs = this.clock.monotonicMs();
    const bucket = this.buckets.get(caller) ?? { tokens: this.burst, atMs: nowMs };
    bucket.tokens = Math.min(this.burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * this.perSecond);
    bucket.atMs = nowMs;
    const isAllowed = bucket.tokens >= 1;
    if (isAllowed) bucket.tokens--;
    this.keep(caller, bucket);
    const missing = isAllowed ? this.burst - bucket.tokens : 1 - bucket.tokens;
    return { isAllowed, remaining: Math.floor(bucket.tokens), resetSeconds: Math.ceil(missing / this.perSecond) };
  }

  private keep(caller: string, bucket: Bucket): void {
    this.buckets.delete(caller);
    this.buckets.set(caller, bucket);
    if (this.buckets.size <= this.maxCallers) return;
    const [oldest = ''] = this.buckets.keys();
    this.buckets.delete(oldest);
  }
}
