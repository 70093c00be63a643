import type { EventStore } from './ports/event-store.ts';
import type { IdempotencyStore } from './ports/idempotency-store.ts';
import type { KeyStore } from './ports/key-store.ts';
import type { MinuteStore } from './ports/minute-store.ts';
import type { OutboxStore } from './ports/outbox-store.ts';
import type { SessionStore } from './ports/session-store.ts';
import type { Store } from './ports/store.ts';
import type { StreamStore } from './ports/stream-store.ts';
import type { TokenStore } from './ports/token-store.ts';

/** Every method of the store's ports; `store` has those of the store itself. */
export const storeMethods = {
  keys: ['create', 'list', 'find', 'update', 'touch'],
  streams: ['create', 'transition', 'saveContinuity', 'find', 'list', 'active'],
  events: ['append', 'list', 'newestId', 'removeBefore'],
  tokens: ['create', 'list', 'find', 'update'],
  idempotency: ['begin', 'finish', 'abandon', 'prune'],
  outbox: ['lease', 'release', 'advance', 'seek', 'deadLetters', 'removeDeadLetter', 'backlog'],
  sessions: [
    'save',
    'open',
    'listEnded',
    'experience',
    'byQuality',
    'byPlayer',
    'byCountry',
    'remove',
    'removeEndedBefore',
  ],
  minutes: ['save', 'list', 'removeBefore'],
  store: ['status', 'backup', 'close'],
} as const satisfies {
  keys: readonly (keyof KeyStore)[];
  streams: readonly (keyof StreamStore)[];
  events: readonly (keyof EventStore)[];
  tokens: readonly (keyof TokenStore)[];
  idempotency: readonly (keyof IdempotencyStore)[];
  outbox: readonly (keyof OutboxStore)[];
  sessions: readonly (keyof SessionStore)[];
  minutes: readonly (keyof MinuteStore)[];
  store: readonly (keyof Store)[];
};

export type StorePort = keyof typeof storeMethods;
type PortMethods = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** A store each of whose methods is `call` with the names of port and method. */
export function storeOf(call: (port: StorePort, method: string, args: readonly unknown[]) => Promise<unknown>): Store {
  const methodsOf = (port: StorePort): PortMethods =>
    Object.fromEntries(storeMethods[port].map((method) => [method, (...args) => call(port, method, args)]));
  return {
    ...(methodsOf('store') as unknown as Pick<Store, 'status' | 'backup' | 'close'>),
    keys: methodsOf('keys') as unknown as KeyStore,
    streams: methodsOf('streams') as unknown as StreamStore,
    events: methodsOf('events') as unknown as EventStore,
    tokens: methodsOf('tokens') as unknown as TokenStore,
    idempotency: methodsOf('idempotency') as unknown as IdempotencyStore,
    outbox: methodsOf('outbox') as unknown as OutboxStore,
    sessions: methodsOf('sessions') as unknown as SessionStore,
    minutes: methodsOf('minutes') as unknown as MinuteStore,
  };
}

/** Calls what `storeOf` was asked for on a store. Throws for a method that no port has. */
export async function callStore(
  store: Store,
  port: StorePort,
  method: string,
  args: readonly unknown[],
): Promise<unknown> {
  if (!(storeMethods[port] as readonly string[]).includes(method))
    throw new Error(`the store has no ${port}.${method}`);
  const target = (port === 'store' ? store : store[port]) as unknown as PortMethods;
  return await target[method]!(...args);
}
