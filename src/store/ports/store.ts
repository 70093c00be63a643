import type { EventStore } from './event-store.ts';
import type { IdempotencyStore } from './idempotency-store.ts';
import type { KeyStore } from './key-store.ts';
import type { MinuteStore } from './minute-store.ts';
import type { OutboxStore } from './outbox-store.ts';
import type { SessionStore } from './session-store.ts';
import type { StreamStore } from './stream-store.ts';
import type { TokenStore } from './token-store.ts';

/*
 * What the rest of the program knows of the store. All methods are asynchronous, and arguments and results are plain
 * data, so that an adapter may live in another thread or on another machine. Times are ms since the epoch.
 * Every method may throw STORE_LOCKED, STORE_FULL, STORE_UNWRITABLE or STORE_CORRUPT.
 */

export interface StoreStatus {
  readonly url: string;
  readonly sizeBytes: number;
  readonly migrations: readonly { readonly name: string; readonly isApplied: boolean }[];
}

export interface Store {
  readonly keys: KeyStore;
  readonly streams: StreamStore;
  readonly events: EventStore;
  readonly tokens: TokenStore;
  readonly idempotency: IdempotencyStore;
  readonly outbox: OutboxStore;
  readonly sessions: SessionStore;
  readonly minutes: MinuteStore;
  status(): Promise<StoreStatus>;
  /** A consistent copy, made while others write. */
  backup(filePath: string): Promise<void>;
  close(): Promise<void>;
}
