import { parentPort, workerData } from 'node:worker_threads';
import { collectGarbage } from '../base/garbage.ts';
import { type OpenStoreOptions, openStore } from '../store/open.ts';
import { type StoreCalls, storeMethods } from './store-calls.ts';
import { ThreadLink } from './thread-link.ts';

/* The thread of the store: SQLite blocks whoever calls it, so nobody else lives here. */

type PortMethods = Record<string, (...args: readonly unknown[]) => unknown>;

const opening = openStore(workerData as OpenStoreOptions);
opening.catch(() => {}); // `open` tells
const methods: StoreCalls = {
  open: async () => void (await opening),
  run: async (port, method, args) => {
    const isKnown = (storeMethods[port] as readonly string[]).includes(method);
    if (!isKnown) throw new Error(`the store has no ${port}.${method}`);
    const store = await opening;
    const target = (port === 'store' ? store : store[port]) as unknown as PortMethods;
    return await target[method]!(...args);
  },
};
new ThreadLink(parentPort!, methods);
collectGarbage();
