import { parentPort, workerData } from 'node:worker_threads';
import { type OpenStoreOptions, openStore } from '../store/open.ts';
import type { Store } from '../store/ports.ts';
import { errorToMessage } from './error-message.ts';
import { type StoreAnswer, type StoreCall, type StoreOpened, storeMethods } from './store-calls.ts';

/* The thread of the store: SQLite blocks whoever calls it, so nobody else lives here. */

const port = parentPort!;
const say = (message: StoreOpened | StoreAnswer) => port.postMessage(message);

try {
  const store = await openStore(workerData as OpenStoreOptions);
  port.on('message', (call: StoreCall) => {
    answer(store, call).then(
      (result) => say({ id: call.id, result }),
      (error: unknown) => say({ id: call.id, error: errorToMessage(error) }),
    );
  });
  say({ opened: true });
} catch (error) {
  say({ opened: false, error: errorToMessage(error) });
}

async function answer(store: Store, { port: name, method, args }: StoreCall): Promise<unknown> {
  if (!(storeMethods[name] as readonly string[]).includes(method))
    throw new Error(`the store has no ${name}.${method}`);
  const target = (name === 'store' ? store : store[name]) as unknown as Record<string, (...args: unknown[]) => unknown>;
  return await target[method]!(...args);
}
