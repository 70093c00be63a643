import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { StreamctlError } from '../../base/errors.ts';
import { migrations } from '../migrations.ts';
import type { Store } from '../ports/store.ts';
import type { Tables } from '../schema.ts';
import { storeTables } from '../tables.ts';
import { ConnectionPool, type PoolOptions } from './pool.ts';
import { postgresError } from './postgres-error.ts';
import { type PostgresAddress, parsePostgresUrl } from './url.ts';

export interface PostgresStoreOptions {
  /** `postgres://…` or `postgresql://…` */
  readonly url: string;
  /** Whether missing migrations are applied; otherwise the store is opened as it is. */
  readonly shouldMigrate: boolean;
}

/**
 * Opens a store that several nodes may share. Connections that break are replaced by the next call.
 * Throws STORE_URL_INVALID, STORE_UNREACHABLE, STORE_ACCESS_REFUSED, STORE_TLS_FAILED or STORE_TOO_NEW.
 */
export async function openPostgresStore({ url, shouldMigrate }: PostgresStoreOptions): Promise<Store> {
  const address = parsePostgresUrl(url);
  const db = connect(address);
  try {
    const applied = await appliedMigrations(db);
    const newer = applied.find((name) => migrations[name] === undefined);
    if (newer !== undefined) throw new StreamctlError('STORE_TOO_NEW', { path: address.name, migration: newer });
    const isComplete = Object.keys(migrations).every((name) => applied.includes(name));
    if (shouldMigrate && !isComplete) await migrate(address);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    ...storeTables(db),
    async status() {
      const applied = await appliedMigrations(db);
      const size = await sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`.execute(db);
      return {
        url: address.name,
        sizeBytes: size.rows[0]!.bytes,
        migrations: Object.keys(migrations).map((name) => ({ name, isApplied: applied.includes(name) })),
      };
    },
    async backup() {
      throw new StreamctlError('STORE_BACKUP_BY_PG_DUMP', { path: address.name });
    },
    close: () => db.destroy(),
  };
}

function connect(address: PostgresAddress, options?: PoolOptions): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: new ConnectionPool(address, options) }) });
}

/** All steps are one transaction, under a lock that nodes which start at the same time wait for (kysely's advisory lock). */
async function migrate(address: PostgresAddress): Promise<void> {
  const db = connect(address, { isPatient: true });
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: async () => migrations },
      migrationTableSchema: await currentSchema(db, address),
    });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw postgresError(error, address.name);
  } finally {
    await db.destroy();
  }
}

/** Named to the migrator, because it takes a table of the same name in any schema for its own. */
async function currentSchema(db: Kysely<Tables>, { name }: PostgresAddress): Promise<string> {
  const { rows } = await sql<{ schema: string | null }>`select current_schema() as schema`.execute(db);
  const schema = rows[0]?.schema;
  if (schema) return schema;
  throw new StreamctlError('STORE_ACCESS_REFUSED', { path: name, reason: 'no schema of search_path may be used' });
}

async function appliedMigrations(db: Kysely<Tables>): Promise<string[]> {
  const found = await sql<{ is_there: boolean }>`
    select to_regclass('kysely_migration') is not null as is_there`.execute(db);
  if (!found.rows[0]?.is_there) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return rows.map(({ name }) => name);
}
