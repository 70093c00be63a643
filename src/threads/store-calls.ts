import type { EventStore, KeyStore, Store, StreamStore } from '../store/ports.ts';

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
  events: ['append', 'list'],
  store: ['status', 'backup', 'close'],
} as const satisfies {
  keys: readonly (keyof KeyStore)[];
  streams: readonly (keyof StreamStore)[];
  events: readonly (keyof EventStore)[];
  store: readonly (keyof Store)[];
};
