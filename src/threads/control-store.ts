import type { Clock } from '../base/clock.ts';
import type { Log } from '../observability/log.ts';
import { isShared, openStore } from '../store/open.ts';
import type { Store } from '../store/ports/store.ts';
import { StoreHealth } from '../store/store-health.ts';
import { StoreThread } from './store-thread.ts';

/** The store as control uses it. */
export interface ControlStore {
  readonly store: Store;
  readonly health: StoreHealth;
  /** Whether other nodes may write to it. */
  readonly isShared: boolean;
  /** Threads of the store that died and were replaced. */
  restarts(): number;
}

/** Opens the configured store: SQLite on a thread of its own, because it blocks whoever calls it; Postgres here. Throws as `openStore`. */
export async function openControlStore(url: string, clock: Clock, log: Log): Promise<ControlStore> {
  const health = new StoreHealth(clock, log);
  if (isShared(url)) {
    return { store: health.watch(await openStore({ url })), health, isShared: true, restarts: () => 0 };
  }
  const thread = new StoreThread({ url }, log);
  return { store: health.watch(await thread.open()), health, isShared: false, restarts: () => thread.restarts };
}
