import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { isStreamctlError } from '../../src/base/errors.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/ports/store.ts';
import { storeContract } from '../contract/store.ts';
import { type PostgresServer, postgresPassword, startPostgres } from '../support/postgres.ts';
import { someEvent, someKey, someStream } from '../support/rows.ts';
import { until } from '../support/until.ts';

const root = resolve(import.meta.dirname, '../..');
const maxConnections = 8;

let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.dispose());
beforeEach(() => postgres.query('drop schema public cascade; create schema public'));

storeContract('Postgres', () => openStore({ url: postgres.url }));

async function openAt(url = postgres.url): Promise<Store> {
  const store = await openStore({ url });
  onTestFinished(() => store.close());
  return store;
}

async function connections(): Promise<number> {
  const sql = "select count(*)::int as n from pg_stat_activity where application_name = 'streamctl'";
  return (await postgres.query(sql))[0].n;
}

/** Opens the store in a process of its own, and does something with it. */
function openElsewhere(script = ''): ChildProcess {
  const text = `
    import { openStore } from './src/store/open.ts';
    const store = await openStore({ url: process.env.STORE_URL });
    ${script}
    await store.close();
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', text], {
    cwd: root,
    env: { ...process.env, STORE_URL: postgres.url },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('two nodes that start at the same time bring an empty store up to date together', async () => {
  const nodes = [openElsewhere(), openElsewhere()];
  const codes = await Promise.all(nodes.map(async (node) => (await once(node, 'exit'))[0]));
  expect(codes).toEqual([0, 0]);
  const { migrations } = await (await openAt()).status();
  expect(migrations.every(({ isApplied }) => isApplied)).toBe(true);
});

test('events of several nodes are read in the order of their ids, without one that comes late', async () => {
  const store = await openAt();
  const nodes = await Promise.all([openAt(), openAt(), openAt()]);
  const seen: number[] = [];
  let isWriting = true;
  const reader = (async () => {
    for (let isLast = false; !isLast; ) {
      isLast = !isWriting;
      seen.push(...(await store.events.list({ afterId: seen.at(-1) ?? 0, limit: 1000 })).map(({ id }) => id));
    }
  })();
  await Promise.all(
    nodes.map(async (node) => {
      for (let i = 0; i < 60; i++) await node.keys.create(someKey(), someEvent());
    }),
  );
  isWriting = false;
  await reader;
  expect(seen).toHaveLength(180);
});

test('a node that writes an event of a stream and one that ends the stream do not wait for each other in a circle', async () => {
  const [a, b] = [await openAt(), await openAt()];
  const stream = someStream({ state: 'ACTIVE' });
  await a.streams.create(stream, someEvent({ streamId: stream.id }));
  const event = someEvent({ streamId: stream.id });
  const work = Array.from({ length: 60 }, (_, i) =>
    i % 2 === 0 ? a.events.append(event) : b.streams.transition(stream.id, { interruptedSinceMs: i }, event),
  );
  await Promise.all(work);
  expect(await a.events.list({ streamId: stream.id, limit: 100 })).toHaveLength(61);
});

test('of two nodes that end a stream at the same time one succeeds, every time', async () => {
  const nodes = [await openAt(), await openAt()] as const;
  const streams = Array.from({ length: 25 }, () => someStream({ state: 'ACTIVE' }));
  for (const stream of streams) await nodes[0].streams.create(stream, someEvent({ streamId: stream.id }));
  const ends = streams.flatMap(({ id }) =>
    nodes.map((node, index) => {
      const reason = index === 0 ? 'publisher' : 'operator';
      return node.streams.transition(id, { state: 'ENDED_GRACEFULLY', reason }, someEvent({ streamId: id }));
    }),
  );
  const results = await Promise.allSettled(ends);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(25);
  expect(await nodes[0].events.list({ limit: 1000 })).toHaveLength(50);
});

test('a store of a newer version is refused', async () => {
  await openAt();
  await postgres.query("insert into kysely_migration values ('9999-the-future', '2099')");
  await expect(openAt()).rejects.toMatchObject({ code: 'STORE_TOO_NEW' });
});

test('a schema of its own is enough: another one with tables of the same names is left alone', async () => {
  await openAt();
  await postgres.query('drop schema if exists apart cascade; create schema apart');
  const apart = await openAt(`${postgres.url}?options=${encodeURIComponent('-c search_path=apart')}`);
  const key = someKey();
  await apart.keys.create(key, someEvent());
  expect(await apart.keys.list()).toEqual([key]);
  expect(await (await openAt()).keys.list()).toEqual([]);
});

test('its status names the place and nothing secret', async () => {
  const status = await (await openAt()).status();
  expect(status.url).toBe(`postgres://127.0.0.1:${postgres.port}/postgres`);
  expect(status.sizeBytes).toBeGreaterThan(1_000_000);
});

test('a copy is a matter for pg_dump', async () => {
  await expect((await openAt()).backup('/tmp/copy')).rejects.toMatchObject({ code: 'STORE_BACKUP_BY_PG_DUMP' });
});

const silent = createServer(() => {}); // takes connections, and never says a word
beforeAll(async () => {
  await once(silent.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void silent.close());

test.each([
  ['nobody listens', () => postgres.url.replace(/:\d+\//, ':1/'), 'STORE_UNREACHABLE'],
  ['the host is not known', () => postgres.url.replace('127.0.0.1', 'nowhere.invalid'), 'STORE_UNREACHABLE'],
  ['somebody else listens', () => postgres.url.replace(/:\d+\//, `:${silentPort()}/`), 'STORE_UNREACHABLE'],
  ['the password is wrong', () => postgres.url.replace('pass', 'secret'), 'STORE_ACCESS_REFUSED'],
  ['the database is not there', () => postgres.url.replace(/\/postgres$/, '/other'), 'STORE_ACCESS_REFUSED'],
  ['it speaks no TLS', () => `${postgres.url}?sslmode=require`, 'STORE_TLS_FAILED'],
])('when %s, that is told within four seconds and without the password', async (_, url, code) => {
  const startedMs = performance.now();
  const error: unknown = await openStore({ url: url() }).catch((reason) => reason);
  expect(error).toMatchObject({ code, httpStatus: 503 });
  expect(performance.now() - startedMs).toBeLessThan(4000);
  const said = [error, isStreamctlError(error) && error.remedy, (error as Error).stack].map(String).join();
  for (const secret of [postgresPassword, encodeURIComponent(postgresPassword), 'secret%2Fword']) {
    expect(said).not.toContain(secret);
  }
});

function silentPort(): number {
  return (silent.address() as { port: number }).port;
}

test('a restart under load is healed within five seconds, and no connection is left over', async () => {
  const store = await openAt();
  const acknowledged = new Set<string>();
  let isDone = false;
  let lastSuccessMs = performance.now();
  let longestGapMs = 0;
  const writers = Array.from({ length: 12 }, async () => {
    while (!isDone) {
      const key = someKey();
      const isWritten = await store.keys.create(key, someEvent()).then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ httpStatus: 503 });
          return false;
        },
      );
      if (!isWritten) continue;
      acknowledged.add(key.id);
      longestGapMs = Math.max(longestGapMs, performance.now() - lastSuccessMs);
      lastSuccessMs = performance.now();
    }
  });
  for (const how of ['fast', 'crash'] as const) {
    const before = acknowledged.size;
    await until('writes go on', () => acknowledged.size > before + 30);
    await postgres.stop(how);
    await postgres.start();
    const startedMs = performance.now();
    const atStart = acknowledged.size;
    await until('writes go on again', () => acknowledged.size > atStart);
    expect(performance.now() - startedMs).toBeLessThan(5000);
  }
  isDone = true;
  await Promise.all(writers);
  const kept = new Set((await store.keys.list()).map(({ id }) => id));
  expect([...acknowledged].filter((id) => !kept.has(id))).toEqual([]);
  expect(await connections()).toBeLessThanOrEqual(maxConnections);
});

test('a Postgres that hangs is given up after a while, and its connections are not used again', async () => {
  const store = await openAt();
  await store.keys.list();
  postgres.pause();
  try {
    const startedMs = performance.now();
    const calls = Array.from({ length: 20 }, () => store.keys.create(someKey(), someEvent()));
    for (const { status } of await Promise.allSettled(calls)) expect(status).toBe('rejected');
    expect(performance.now() - startedMs).toBeLessThan(8000);
    // A connection that somebody waits on would take six seconds more; a new one is given up after three.
    const laterMs = performance.now();
    await expect(store.keys.list()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    expect(performance.now() - laterMs).toBeLessThan(5000);
  } finally {
    postgres.resume();
  }
  await until('it answers', () =>
    store.keys.list().then(
      () => true,
      () => false,
    ),
  );
  await until('what was given up is closed', async () => (await connections()) <= maxConnections);
});

test('a row that somebody holds is waited for two seconds, then it is told so', async () => {
  const store = await openAt();
  const stream = someStream({ state: 'ACTIVE' });
  await store.streams.create(stream, someEvent({ streamId: stream.id }));
  const holder = new pg.Client({ connectionString: postgres.url });
  await holder.connect();
  try {
    await holder.query("begin; update streams set node = 'x'");
    const change = store.streams.transition(stream.id, { node: 'y' }, someEvent({ streamId: stream.id }));
    await expect(change).rejects.toMatchObject({ code: 'STORE_LOCKED', httpStatus: 503 });
    await holder.query('commit');
  } finally {
    await holder.end();
  }
  expect((await store.streams.find(stream.id))?.node).toBe('x');
});
