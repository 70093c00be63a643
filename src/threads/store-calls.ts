import type { EventStore, KeyStore, Store, StreamStore } from '../store/ports.ts';
import type { ErrorMessage } from './error-message.ts';

/** One call of a store method, and its answer, as they cross the thread. Arguments and results are plain data by contract. */
export interface StoreCall {
  readonly id: number;
  readonly port: StorePort;
  readonly method: string;
  readonly args: readonly unknown[];
}

export type StoreAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ErrorMessage };

/** Comes first, when the store is open; or the reason why it is not. */
export type StoreOpened = { readonly opened: true } | { readonly opened: false; readonly error: ErrorMessage };

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
