import { parentPort, workerData } from 'node:worker_threads';
import { collectGarbage } from '../base/garbage.ts';
import { type OpenStoreOptions, openStore } from '../store/open.ts';
import { callStore } from '../store/store-methods.ts';
import type { StoreCalls } from './store-calls.ts';
import { ThreadLink } from './thread-link.ts';

/* The thread of the store: SQLite blocks whoever calls it, so nobody else lives here. */

const opening = openStore(workerData as OpenStoreOptions);
opening.catch(() => {}); // `open` tells
const methods: StoreCalls = {
  open: async () => void (await opening),
  run: async (port, method, args) => await callStore(await opening, port, method, args),
};
new ThreadLink(parentPort!, methods);
collectGarbage();
