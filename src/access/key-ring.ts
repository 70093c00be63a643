import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import type { KeyRow, KeyStore } from '../store/ports/key-store.ts';
import { parseKeyText } from './key-text.ts';
import type { Pepper } from './pepper.ts';

export type KeyVerdict = { readonly key: KeyRow } | { readonly error: StreamctlError };

/** How long keys may be used that could not be read again. */
export interface KeyFreshness {
  readonly clock: Clock;
  readonly maxAgeMs: number;
}

/** The keys in memory: a publisher is checked without asking the store, so also while the store is away. */
export class KeyRing {
  private readonly store: KeyStore;
  private readonly pepper: Pepper;
  private readonly dummyHash: string;
  private readonly freshness: KeyFreshness | undefined;
  private keys = new Map<string, KeyRow>();
  private readAtMs = 0;
  private readonly revokedListeners = new Set<(keyId: string) => void>();
  private readonly policyListeners = new Set<(key: KeyRow) => void>();
  private readonly newsListeners = new Set<() => void>();

  /** `freshness`: of a store that other nodes write to. */
  constructor(store: KeyStore, pepper: Pepper, freshness?: KeyFreshness) {
    this.freshness = freshness;
    this.store = store;
    this.pepper = pepper;
    this.dummyHash = pepper.hash('');
  }

  /** Takes over what the store has; listeners hear of keys that were revoked, and of policies that were changed, since the last time. */
  async refresh(): Promise<void> {
    const before = this.keys;
    const askedAtMs = this.freshness?.clock.monotonicMs() ?? 0;
    const rows = await this.store.list();
    this.readAtMs = askedAtMs;
    this.keys = new Map(rows.map((row) => [row.id, row]));
    for (const row of rows) this.tellChange(before.get(row.id), row);
    for (const listener of this.newsListeners) listener();
  }

  /** Takes over one key that was just created or changed. */
  replace(key: KeyRow): void {
    const before = this.keys.get(key.id);
    this.keys.set(key.id, key);
    this.tellChange(before, key);
    for (const listener of this.newsListeners) listener();
  }

  /** Calls `listener` with the id of every key that is revoked from now on; the returned function ends that. */
  onRevoked(listener: (keyId: string) => void): () => void {
    this.revokedListeners.add(listener);
    return () => void this.revokedListeners.delete(listener);
  }

  /** Calls `listener` with every key whose policy is changed from now on; the returned function ends that. */
  onPolicyChanged(listener: (key: KeyRow) => void): () => void {
    this.policyListeners.add(listener);
    return () => void this.policyListeners.delete(listener);
  }

  /** Calls `listener` whenever keys were looked at anew, changed or not; the returned function ends that. */
  onLookedAt(listener: () => void): () => void {
    this.newsListeners.add(listener);
    return () => void this.newsListeners.delete(listener);
  }

  get all(): Iterable<KeyRow> {
    return this.keys.values();
  }

  find(id: string): KeyRow | undefined {
    return this.keys.get(id);
  }

  /** Whether `text` is a key that may publish now. Why not is told only to who holds the secret. */
  check(text: string, nowMs: number): KeyVerdict {
    const parsed = parseKeyText(text);
    const key = parsed === undefined ? undefined : this.keys.get(parsed.id);
    const secret = parsed?.secret ?? '';
    // The same work is done for every guess, so that time tells nothing about which ids exist.
    const isCurrent = this.pepper.matches(secret, key?.secretHash ?? this.dummyHash);
    const isPrevious = this.pepper.matches(secret, key?.previousHash ?? this.dummyHash);
    if (key === undefined) return { error: new StreamctlError('ACCESS_KEY_UNKNOWN', {}) };
    const isOverlapping = key.previousHash !== null && isPrevious && nowMs < (key.previousValidUntilMs ?? 0);
    if (!isCurrent && !isOverlapping) return { error: new StreamctlError('ACCESS_KEY_UNKNOWN', {}) };
    if (key.revokedAtMs !== null) return { error: new StreamctlError('ACCESS_KEY_REVOKED', { keyId: key.id }) };
    if (key.expiresAtMs !== null && nowMs >= key.expiresAtMs) {
      return { error: new StreamctlError('ACCESS_KEY_EXPIRED', { keyId: key.id }) };
    }
    if (this.isStale) return { error: new StreamctlError('ACCESS_KEYS_STALE', {}) };
    return { key };
  }

  /** Whether keys may have been revoked elsewhere so long ago that none is good any more. */
  private get isStale(): boolean {
    if (this.freshness === undefined) return false;
    return this.freshness.clock.monotonicMs() - this.readAtMs > this.freshness.maxAgeMs;
  }

  private tellChange(before: KeyRow | undefined, key: KeyRow): void {
    if (before === undefined) return;
    if (before.revokedAtMs === null && key.revokedAtMs !== null) {
      for (const listener of this.revokedListeners) listener(key.id);
    }
    if (!isDeepStrictEqual(before.policy, key.policy)) for (const listener of this.policyListeners) listener(key);
  }
}
