import { addressGroup } from '../../base/address-group.ts';
import type { Clock } from '../../base/clock.ts';

interface Bucket {
  tokens: number;
  /** Wrong keys, less what time has taken away. */
  level: number;
  atMs: number;
  /** Answers that are being held back. */
  delayedUntilMs: number[];
}

const burst = 5;
const perSecond = 1;
const delayMs = 1000;
const maxAddresses = 10_000;
/** More held-back answers than this would only hold our own sockets. */
const maxDelayed = 16;
/** No encoder and no person comes to so many wrong keys: whoever does is trying them. */
const floodLevel = 100;
const floodPerSecond = 5;

/**
 * Slows down whoever tries keys: after a few wrong ones from an address, each further answer takes a second. It is asked only after a
 * key was found wrong, so a valid key never waits, whoever shares its address; until that address is flooding, when only as many of
 * its connections are heard as wrong keys are forgiven.
 */
export class Rejections {
  private readonly clock: Clock;
  private readonly buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Counts a wrong key from `address`, and says how long its answer has to wait. */
  delayMs(address: string): number {
    const nowMs = this.clock.monotonicMs();
    const bucket = this.find(addressGroup(address), nowMs);
    this.passTime(bucket, nowMs);
    bucket.level++;
    if (bucket.tokens >= 1) {
      bucket.tokens--;
      return 0;
    }
    bucket.delayedUntilMs = bucket.delayedUntilMs.filter((untilMs) => untilMs > nowMs);
    if (bucket.delayedUntilMs.length >= maxDelayed) return 0;
    bucket.delayedUntilMs.push(nowMs + delayMs);
    return delayMs;
  }

  /** Whether nobody at `address` is heard for now: hundreds of wrong keys have just come from there. */
  isFlooding(address: string): boolean {
    const bucket = this.buckets.get(addressGroup(address));
    if (bucket === undefined) return false;
    this.passTime(bucket, this.clock.monotonicMs());
    return bucket.level >= floodLevel;
  }

  private passTime(bucket: Bucket, nowMs: number): void {
    const seconds = (nowMs - bucket.atMs) / 1000;
    bucket.atMs = nowMs;
    bucket.tokens = Math.min(burst, bucket.tokens + seconds * perSecond);
    bucket.level = Math.max(0, bucket.level - seconds * floodPerSecond);
  }

  /** When there are too many addresses, the one that was heard of first is forgotten. */
  private find(group: string, nowMs: number): Bucket {
    const known = this.buckets.get(group);
    if (known !== undefined) return known;
    if (this.buckets.size >= maxAddresses) {
      for (const oldest of this.buckets.keys()) {
        this.buckets.delete(oldest);
        break;
      }
    }
    const bucket = { tokens: burst, level: 0, atMs: nowMs, delayedUntilMs: [] };
    this.buckets.set(group, bucket);
    return bucket;
  }
}
