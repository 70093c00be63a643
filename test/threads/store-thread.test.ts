import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { StoreThread } from '../../src/threads/store-thread.ts';
import { storeContract } from '../contract/store.ts';
import { someEvent, someKey } from '../support/rows.ts';
import { tempDir } from '../support/temp-dir.ts';

const quiet = { error: () => {} };

function newThread(path = join(tempDir(), 'streamctl.db')): StoreThread {
  return new StoreThread({ url: `sqlite:${path}` }, quiet);
}

storeContract('SQLite on its own thread', () => newThread().open());

test('a store that cannot be opened says why, with its code, and counts as no death', async () => {
  const thread = newThread('/dev/null/streamctl.db');
  await expect(thread.open()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
  expect(thread.restarts).toBe(0);
});

test('a thread that dies costs the calls under way, and the next call finds everything that was acknowledged', async () => {
  const thread = newThread();
  const store = await thread.open();
  onTestFinished(() => store.close());
  const key = someKey();
  await store.keys.create(key, someEvent());
  const underWay = store.events.list({ limit: 1000 });
  await thread.kill();
  await underWay.catch((error: unknown) => expect(error).toMatchObject({ code: 'STORE_THREAD_DIED' }));
  expect(await store.keys.find(key.id)).toEqual(key);
  expect(thread.restarts).toBe(1);
});

test('a database locked by another process blocks no other work of this thread', async () => {
  const path = join(tempDir(), 'streamctl.db');
  const store = await newThread(path).open();
  onTestFinished(() => store.close());
  const other = new Sqlite(path);
  onTestFinished(() => void other.close());
  other.exec('begin immediate');
  const write = store.events.append(someEvent());
  let longestMs = 0;
  let isDone = false;
  const outcome = write
    .catch((error: unknown) => error)
    .finally(() => {
      isDone = true;
    });
  while (!isDone) {
    const atMs = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    longestMs = Math.max(longestMs, performance.now() - atMs);
  }
  expect(await outcome).toMatchObject({ code: 'STORE_LOCKED' });
  expect(longestMs).toBeLessThan(1000); // of the two seconds that it waits
});
