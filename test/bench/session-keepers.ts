import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openStore } from '../../src/store/open.ts';
import type { SessionHistory } from '../../src/store/ports/session-history.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import type { Store } from '../../src/store/ports/store.ts';
import { StoreThread } from '../../src/threads/store-thread.ts';
import { ClickHouseClient } from '../../src/warehouse/clickhouse-client.ts';
import { ClickHouseHistory } from '../../src/warehouse/clickhouse-history.ts';
import { createSchema } from '../../src/warehouse/clickhouse-schema.ts';
import { insertSessions } from '../../src/warehouse/session-inserts.ts';
import { WaitingSessions } from '../../src/warehouse/waiting-sessions.ts';
import { chdbModule, startChdbFront } from '../support/chdb-front.ts';
import { startClickHouse } from '../support/clickhouse.ts';
import { startPostgres } from '../support/postgres.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

export const sessionKeepers = ['sqlite', 'postgres', 'clickhouse-18', 'clickhouse-26'] as const;
export type SessionKeeperName = (typeof sessionKeepers)[number];

/** Who keeps sessions, as the product uses it. */
export interface SessionKeeper {
  /** Has the streams and minutes; where there is no warehouse, the sessions too. */
  readonly store: Store;
  /** Undefined: the store. */
  readonly warehouse: SessionHistory | undefined;
  /** Writes sessions in batches of the product's size. */
  write(rows: readonly SessionRow[]): Promise<void>;
  /** What a database does by itself after a while is done when it resolves; tells what sessions take on disk. */
  settle(): Promise<number>;
  close(): Promise<void>;
}

/** As SessionArchive writes them. */
const storeBatchRows = 500;
const settleMs = 20_000;

/** Why one cannot be measured here, if so. */
export function keeperMissing(name: SessionKeeperName): string | undefined {
  if (name !== 'clickhouse-26' || chdbModule() !== undefined) return undefined;
  return 'clickhouse-26: npm install --prefix /tmp/chdb chdb@3.4, then STREAMCTL_CHDB=/tmp/chdb/node_modules/chdb';
}

export const openKeeper: Readonly<
  Record<SessionKeeperName, (channels: ReadonlyMap<string, string>) => Promise<SessionKeeper>>
> = {
  async sqlite() {
    const { path, store, close } = await sqliteStore();
    return { ...storeKeeper(store), settle: async () => diskBytes(path), close };
  },
  async postgres() {
    const server = await startPostgres();
    const url = await server.newDatabase();
    const store = await openStore({ url });
    return {
      ...storeKeeper(store),
      async settle() {
        await server.query('vacuum analyze', url); // as autovacuum does
        const [row] = await server.query("select pg_total_relation_size('viewer_sessions')::float8 as bytes", url);
        return row.bytes;
      },
      async close() {
        await store.close();
        await server.dispose();
      },
    };
  },
  'clickhouse-18': async (channels) => await clickhouseKeeper(await startClickHouse(), channels),
  'clickhouse-26': async (channels) => await clickhouseKeeper(await startChdbFront(chdbModule()!), channels),
};

function storeKeeper(store: Store): Pick<SessionKeeper, 'store' | 'warehouse' | 'write'> {
  return {
    ...{ store, warehouse: undefined },
    async write(rows) {
      for (let at = 0; at < rows.length; at += storeBatchRows)
        await store.sessions.save(rows.slice(at, at + storeBatchRows));
    },
  };
}

/** On a thread of its own, as the server has it. */
async function sqliteStore(): Promise<{ path: string; store: Store; close: () => Promise<void> }> {
  const { path, remove } = await temporaryFolder('analytics');
  const log = { error: (fields: unknown) => console.error(fields) };
  const store = await new StoreThread({ url: `sqlite:${join(path, 'store.db')}` }, log).open();
  const close = async () => {
    await store.close();
    await remove();
  };
  return { path, store, close };
}

type ClickHouse = Pick<Awaited<ReturnType<typeof startClickHouse>>, 'newTarget' | 'dispose'>;

async function clickhouseKeeper(server: ClickHouse, channels: ReadonlyMap<string, string>): Promise<SessionKeeper> {
  const client = new ClickHouseClient(server.newTarget());
  await createSchema(client);
  const { store, close } = await sqliteStore();
  const waiting = new WaitingSessions(0);
  let batches = 0;
  return {
    ...{ store, warehouse: new ClickHouseHistory(client) },
    async write(rows) {
      for (const row of rows) waiting.add(row, 0);
      for (let batch = waiting.take(0, true); batch.length > 0; batch = waiting.take(0, true))
        await insertSessions(client, { id: `bench-${batches++}`, rows: batch }, channels, false);
    },
    async settle() {
      const untilMs = performance.now() + settleMs;
      while (performance.now() < untilMs && (await numberOf(client, 'count()', 'merges', '1')) > 0)
        await new Promise((resolve) => setTimeout(resolve, 200));
      return await numberOf(client, 'sum(bytes_on_disk)', 'parts', 'active AND database = currentDatabase()');
    },
    async close() {
      await client.close();
      await server.dispose();
      await close();
    },
  };
}

async function numberOf(client: ClickHouseClient, value: string, table: string, where: string): Promise<number> {
  const sql = `SELECT ${value} AS value FROM system.${table} WHERE ${where}`;
  return Number((await client.select<{ value: string }>(sql, { timeoutMs: 10_000 }))[0]?.value);
}

function diskBytes(folder: string): number {
  return Number(execFileSync('du', ['-sb', folder], { encoding: 'utf8' }).split('\t')[0]);
}
