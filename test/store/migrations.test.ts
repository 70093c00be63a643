import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import {
  type CompiledQuery,
  type Dialect,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { migrations } from '../../src/store/migrations.ts';
import { openStore } from '../../src/store/open.ts';
import { sqliteDialect } from '../../src/store/sqlite/connection.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { someEvent } from '../support/rows.ts';
import { tempDir } from '../support/temp-dir.ts';

/** The first 16 digits of the SHA-256 of the SQL of every step, as it was released. A step gets its line here when it is released; a line never changes. */
const released = {
  sqlite: {
    '0001-first-light': '0e0ac84bbf31644f',
    '0002-control-plane': '2000f1cf4b8946d9',
  },
  postgres: {
    '0001-first-light': 'bc47be776cee0eff',
    '0002-control-plane': '2000f1cf4b8946d9',
  },
};

const paper = {
  sqlite: () => ({
    createDriver: () => new DummyDriver(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }),
  postgres: () => ({
    createDriver: () => new DummyDriver(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }),
} satisfies Record<string, () => Dialect>;

async function fingerprint(name: string, dialect: Dialect): Promise<string> {
  const queries: CompiledQuery[] = [];
  const db = new Kysely<unknown>({ dialect, log: ({ query }) => void queries.push(query) });
  await migrations[name]!.up(db);
  return createHash('sha256')
    .update(queries.map((query) => query.sql).join(';\n'))
    .digest('hex')
    .slice(0, 16);
}

describe.each(['sqlite', 'postgres'] as const)('%s', (dialect) => {
  test('a step that was released never changes', async () => {
    const now: Record<string, string> = {};
    for (const name of Object.keys(migrations)) now[name] = await fingerprint(name, paper[dialect]());
    expect(now).toMatchObject(released[dialect]);
  });
});

let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.dispose());

const stores = {
  SQLite: async () => {
    const path = join(tempDir(), 'streamctl.db');
    return { url: `sqlite:${path}`, dialect: sqliteDialect(new Sqlite(path)) };
  },
  Postgres: async () => {
    const url = await postgres.newDatabase();
    return { url, dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) };
  },
};

/** What the first version wrote. */
const firstRows = [
  `insert into stream_keys (id, channel, secret_hash, last4, created_at, expires_at, policy_json)
   values ('k1', 'morning-show', 'ab', 'wxyz', 1700000000001, 1800000000001, '{"ladder":["720p"]}')`,
  `insert into streams (id, channel, key_id, state, created_at, started_at, tracks_json, ladder_json, node, continuity_json)
   values ('st_1', 'morning-show', 'k1', 'ACTIVE', 1700000000002, 1700000000003, '[]', '["720p"]', 'n', '{"msn":5}')`,
  ...[1, 2, 3].map(
    (time) => `insert into events (time, type, stream_id, payload_json)
    values (${time}, 'stream.created', 'st_1', '{"n":${time}}')`,
  ),
];

/** One that told of stalls, and one that could not be told from others of its network. */
const sessionOf = (id: string, key: string, stalls: number) =>
  `insert into viewer_sessions (id, stream_id, session_key, node, started_at, seen_at, watch_ms, stalls, stall_ms,
     qualities_json, errors, player, network, country, bytes)
   values ('${id}', 'st_1', '${key}', 'n', 1, 2, 3, ${stalls}, ${stalls * 100}, '[]', 0, 'VLC', '', 'ZZ', 0)`;

test.each(Object.entries(stores))(
  'in a %s store of before, stalls of viewers that told of nothing become unknown, and the others stay',
  async (_, make) => {
    const { url, dialect } = await make();
    const db = new Kysely<unknown>({ dialect });
    const provider = { getMigrations: async () => migrations };
    await new Migrator({ db, provider }).migrateTo('0004-minutes');
    for (const row of [sessionOf('vs_told', 's abc', 2), sessionOf('vs_silent', 'a xyz.hls 1', 0)])
      await sql.raw(row).execute(db);
    await db.destroy();
    const store = await openStore({ url });
    onTestFinished(() => store.close());
    const found = new Map((await store.sessions.open('n')).map((row) => [row.id, [row.stalls, row.stallMs]]));
    expect(found).toEqual(
      new Map([
        ['vs_told', [2, 200]],
        ['vs_silent', [null, null]],
      ]),
    );
  },
);

test.each(Object.entries(stores))(
  'a %s store of the first version is brought up to date with all it has',
  async (_, make) => {
    const { url, dialect } = await make();
    const db = new Kysely<unknown>({ dialect });
    const provider = { getMigrations: async () => migrations };
    const { error } = await new Migrator({ db, provider }).migrateTo('0001-first-light');
    expect(error).toBeUndefined();
    for (const row of firstRows) await sql.raw(row).execute(db);
    await db.destroy();

    const old = await openStore({ url, shouldMigrate: false });
    expect((await old.status()).migrations.map(({ isApplied }) => isApplied).indexOf(false)).toBe(1);
    await old.close();

    const store = await openStore({ url });
    onTestFinished(() => store.close());
    expect((await store.status()).migrations.every(({ isApplied }) => isApplied)).toBe(true);
    expect(await store.keys.find('k1')).toMatchObject({
      channel: 'morning-show',
      createdAtMs: 1_700_000_000_001,
      expiresAtMs: 1_800_000_000_001,
      revokedAtMs: null,
      policy: { ladder: ['720p'] },
    });
    expect(await store.streams.active()).toMatchObject([
      {
        id: 'st_1',
        keyId: 'k1',
        state: 'ACTIVE',
        startedAtMs: 1_700_000_000_003,
        continuity: { msn: 5 },
        traceId: null,
      },
    ]);
    const events = await store.events.list({ streamId: 'st_1', limit: 9 });
    expect(events.map(({ payload }) => payload)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const next = await store.events.append(someEvent({ streamId: 'st_1' }));
    expect(next.id).toBeGreaterThan(events.at(-1)!.id);
  },
);
