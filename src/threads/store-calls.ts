import type { EventStore } from '../store/ports/event-store.ts';
import type { IdempotencyStore } from '../store/ports/idempotency-store.ts';
import type { KeyStore } from '../store/ports/key-store.ts';
import type { OutboxStore } from '../store/ports/outbox-store.ts';
import type { Store } from '../store/ports/store.ts';
import type { StreamStore } from '../store/ports/stream-store.ts';
import type { TokenStore } from '../store/ports/token-store.ts';

/** What control asks of the store thread. */
export type StoreCalls = {
  /** Comes first. Throws what opening the store throws. */
  open(): Promise<void>;
  /** A method of a port; arguments and results are plain data by contract. */
  run(port: StorePort, method: string, args: readonly unknown[]): Promise<unknown>;
};

export type StorePort = keyof typeof storeMethods;

/** Every method that can be called: a thread runs nothing that is not named here. */
export const storeMethods = {
  keys: ['create', 'list', 'find', 'update', 'touch'],
  streams: ['create', 'transition', 'saveContinuity', 'find', 'list', 'active'],
  events: ['append', 'list', 'newestId'],
  tokens: ['create', 'list', 'find', 'update'],
  idempotency: ['begin', 'finish', 'abandon', 'prune'],
  outbox: ['lease', 'release', 'advance', 'seek', 'deadLetters', 'removeDeadLetter', 'backlog'],
  store: ['status', 'backup', 'close'],
} as const satisfies {
  keys: readonly (keyof KeyStore)[];
  streams: readonly (keyof StreamStore)[];
  events: readonly (keyof EventStore)[];
  tokens: readonly (keyof TokenStore)[];
  idempotency: readonly (keyof IdempotencyStore)[];
  outbox: readonly (keyof OutboxStore)[];
  store: readonly (keyof Store)[];
};
