import type { StorePort } from '../store/store-methods.ts';

/** What control asks of the store thread. */
export type StoreCalls = {
  /** Comes first. Throws what opening the store throws. */
  open(): Promise<void>;
  /** A method of a port; arguments and results are plain data by contract. */
  run(port: StorePort, method: string, args: readonly unknown[]): Promise<unknown>;
};
