import { announcingStore } from '../events/announcing-store.ts';
import { connectEvents, type Events } from '../events/connect-events.ts';
import { lockDataDir } from '../store/data-dir-lock.ts';
import type { Store } from '../store/ports/store.ts';
import { type ControlStore, openControlStore } from '../threads/control-store.ts';
import type { AppContext } from './context.ts';

/** The store, and who outside is told of the events that are written to it. */
export interface Storage extends Pick<ControlStore, 'health' | 'isShared' | 'restarts'> {
  /** What is written to it is told at once. */
  readonly store: Store;
  readonly events: Pick<Events, 'outgoing' | 'confirm'>;
  /** From now on `listener` hears that an event may have been written. */
  onEvent(listener: () => void): void;
}

/** Takes the data folder for this process alone, opens the store and begins to deliver events. */
export async function openStorage({ config, clock, log, node, onStop }: AppContext): Promise<Storage> {
  const lock = lockDataDir(config.dataDir);
  onStop(() => lock.release());
  const { store: opened, health, isShared, restarts } = await openControlStore(config.store.url, clock, log);
  onStop(() => opened.close());
  const events = await connectEvents({ config, store: opened, node, clock, log });
  onStop(() => events.stop());
  let wake = () => {};
  return {
    ...{ health, isShared, restarts, events },
    store: announcingStore(events.store, () => wake()),
    onEvent: (listener) => {
      wake = listener;
    },
  };
}
