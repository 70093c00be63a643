import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { lockDataDir } from '../../src/store/data-dir-lock.ts';
import { openStore } from '../../src/store/open.ts';
import { storeContract } from '../contract/store.ts';
import { someEvent, someKey } from '../support/rows.ts';
import { tempDir } from '../support/temp-dir.ts';

const root = resolve(import.meta.dirname, '../..');

storeContract('SQLite', () => openStore({ url: `sqlite:${join(tempDir(), 'streamctl.db')}` }));

async function openAt(path: string) {
  const store = await openStore({ url: `sqlite:${path}` });
  onTestFinished(() => store.close());
  return store;
}

/** Runs TypeScript in a process of its own; resolves with its first line of output. */
async function runScript(script: string): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { cwd: root });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stderr?.pipe(process.stderr);
  const [chunk] = await once(child.stdout!, 'data');
  return { child, line: String(chunk).trim() };
}

test('the store file is for its owner alone', async () => {
  const path = join(tempDir(), 'sub/streamctl.db');
  await openAt(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
});

test('what was written is there after opening again, and no migration runs twice', async () => {
  const path = join(tempDir(), 'streamctl.db');
  const first = await openStore({ url: `sqlite:${path}` });
  const key = someKey();
  await first.keys.create(key, someEvent());
  await first.close();
  const second = await openAt(path);
  expect(await second.keys.list()).toEqual([key]);
  expect((await second.status()).migrations.every(({ isApplied }) => isApplied)).toBe(true);
});

test('a file that is no database is named so and left alone', async () => {
  const path = join(tempDir(), 'streamctl.db');
  const garbage = 'these are my notes, not a database\n'.repeat(500);
  writeFileSync(path, garbage);
  await expect(openAt(path)).rejects.toMatchObject({ code: 'STORE_NOT_A_DATABASE', exitCode: 2 });
  expect(readFileSync(path, 'utf8')).toBe(garbage);
});

test('a damaged page is found at opening', async () => {
  const path = join(tempDir(), 'streamctl.db');
  const store = await openStore({ url: `sqlite:${path}` });
  for (let i = 0; i < 200; i++) await store.keys.create(someKey(), someEvent());
  await store.close();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096 * 2, 4096 * 4);
  writeFileSync(path, bytes);
  await expect(openAt(path)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

test('a store of a newer version is refused', async () => {
  const path = join(tempDir(), 'streamctl.db');
  await (await openStore({ url: `sqlite:${path}` })).close();
  const database = new Sqlite(path);
  database.exec("insert into kysely_migration values ('9999-the-future', '2099')");
  database.close();
  await expect(openAt(path)).rejects.toMatchObject({ code: 'STORE_TOO_NEW' });
});

test('a folder where the file should be is told', async () => {
  await expect(openAt(tempDir())).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
});

test.skipIf(process.getuid?.() === 0)('a folder that may not be written is told', async () => {
  const path = tempDir();
  chmodSync(path, 0o500);
  await expect(openAt(join(path, 'streamctl.db'))).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' });
});

test('a writer that holds the store delays a write without blocking this process, then STORE_LOCKED', async () => {
  const path = join(tempDir(), 'streamctl.db');
  const store = await openAt(path);
  const other = new Sqlite(path);
  onTestFinished(() => void other.close());
  other.exec('begin immediate');
  let longestPauseMs = 0;
  let last = performance.now();
  const ticker = setInterval(() => {
    longestPauseMs = Math.max(longestPauseMs, performance.now() - last);
    last = performance.now();
  }, 5);
  const startedMs = performance.now();
  await expect(store.keys.create(someKey(), someEvent())).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    httpStatus: 503,
  });
  clearInterval(ticker);
  expect(performance.now() - startedMs).toBeLessThan(3000);
  expect(longestPauseMs).toBeLessThan(1000); // of the two seconds that it waits
  expect(await store.keys.list()).toEqual([]);
  const waiting = store.keys.create(someKey(), someEvent());
  other.exec('commit');
  await waiting;
  expect(await store.keys.list()).toHaveLength(1);
});

test('a full disk is an error of its own, and the store works when there is room again', async (context) => {
  const dir = tempDir();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', dir]);
  if (mounted.status !== 0) return context.skip('a small disk can only be mounted by root');
  onTestFinished(() => void spawnSync('umount', [dir]));
  const store = await openAt(join(dir, 'streamctl.db'));
  writeFileSync(join(dir, 'ballast'), Buffer.alloc(100_000));
  const fill = async () => {
    for (;;) await store.events.append(someEvent({ payload: { text: 'x'.repeat(20_000) } }));
  };
  await expect(fill()).rejects.toMatchObject({ code: 'STORE_FULL', httpStatus: 507 });
  const before = await store.events.list({ limit: 1000 });
  rmSync(join(dir, 'ballast'));
  await store.keys.create(someKey(), someEvent());
  expect(await store.events.list({ limit: 1000 })).toHaveLength(before.length + 1);
  await store.close();
});

test('a backup taken while others write is whole', async () => {
  const dir = tempDir();
  const store = await openAt(join(dir, 'streamctl.db'));
  for (let i = 0; i < 50; i++) await store.keys.create(someKey(), someEvent());
  const [, ...writes] = await Promise.all([
    store.backup(join(dir, 'copy.db')),
    ...Array.from({ length: 20 }, () => store.keys.create(someKey(), someEvent())),
  ]);
  expect(writes).toHaveLength(20);
  const copy = await openAt(join(dir, 'copy.db'));
  expect((await copy.keys.list()).length).toBeGreaterThanOrEqual(50);
});

test('a data folder has one server: a second is refused with the number of the first', async () => {
  const dir = tempDir();
  const { child, line } = await runScript(`
    import { lockDataDir } from './src/store/data-dir-lock.ts';
    lockDataDir('${dir}');
    console.log(process.pid);
    setInterval(() => {}, 1000);
  `);
  expect(() => lockDataDir(dir)).toThrow(`(process ${line})`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = lockDataDir(dir);
  expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ code: 'STORE_DATA_DIR_IN_USE' }));
  lock.release();
  lock.release();
  lockDataDir(dir).release();
});
