import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite, { type Database as SqliteDatabase } from 'better-sqlite3';
import { Kysely } from 'kysely';
import { type MigrationInfo, Migrator } from 'kysely/migration';
import { StreamctlError } from '../../base/errors.ts';
import { percentilesFunction, percentilesText } from '../exact-percentiles.ts';
import { migrations } from '../migrations.ts';
import type { Store } from '../ports/store.ts';
import type { Tables } from '../schema.ts';
import { storeTables } from '../tables.ts';
import { sqliteAddon } from './addon.ts';
import { sqliteDialect, storeError } from './connection.ts';

/** SQLite's own wait blocks the thread, so it is short; connection.ts waits longer without blocking. */
const busyTimeoutMs = 20;
const openDeadlineMs = 2000;

export interface SqliteStoreOptions {
  readonly filePath: string;
  /** Whether missing migrations are applied; otherwise the store is opened as it is. */
  readonly shouldMigrate: boolean;
}

/**
 * Opens, or makes, a store file readable by its owner only.
 * Throws STORE_LOCKED, STORE_CORRUPT, STORE_NOT_A_DATABASE, STORE_FULL, STORE_UNWRITABLE or STORE_TOO_NEW.
 */
export async function openSqliteStore({ filePath, shouldMigrate }: SqliteStoreOptions): Promise<Store> {
  createFile(filePath);
  const database = await openDatabase(filePath);
  const db = new Kysely<Tables>({ dialect: sqliteDialect(database) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  try {
    refuseNewer(database, filePath);
    if (shouldMigrate) {
      const { error } = await migrator.migrateToLatest();
      if (error !== undefined) throw error;
    }
  } catch (error) {
    database.close();
    throw storeError(error, filePath);
  }
  return {
    ...storeTables(db),
    async status() {
      const applied = appliedMigrations(database);
      return {
        url: `sqlite:${filePath}`,
        sizeBytes: statSync(filePath).size,
        migrations: Object.keys(migrations).map((name) => ({ name, isApplied: applied.includes(name) })),
      };
    },
    async backup(target) {
      try {
        await database.backup(target);
      } catch (error) {
        throw storeError(error, target);
      }
    },
    async close() {
      await db.destroy();
      database.close();
    },
  };
}

function createFile(filePath: string): void {
  try {
    mkdirSync(dirname(filePath), { recursive: true, mode: 0o700 });
    closeSync(openSync(filePath, 'wx', 0o600)); // its -wal and -shm take over the mode
  } catch (cause) {
    const { code = 'error' } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code === 'ENOSPC') throw new StreamctlError('STORE_FULL', { path: filePath }, { cause });
    throw new StreamctlError('STORE_UNWRITABLE', { path: filePath, reason: code }, { cause });
  }
}

async function openDatabase(filePath: string): Promise<SqliteDatabase> {
  const deadlineMs = performance.now() + openDeadlineMs;
  for (;;) {
    let database: SqliteDatabase | undefined;
    try {
      database = new Sqlite(filePath, { timeout: busyTimeoutMs, ...sqliteAddon(dirname(filePath)) });
      prepareDatabase(database, filePath);
      return database;
    } catch (error) {
      database?.close();
      const isBusy = error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!isBusy || performance.now() >= deadlineMs) throw storeError(error, filePath);
      await delay(10);
    }
  }
}

function prepareDatabase(database: SqliteDatabase, filePath: string): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL'); // in WAL mode a killed process loses nothing, a power cut at most the last moment
  database.pragma('foreign_keys = ON');
  database.pragma('trusted_schema = OFF');
  database.aggregate<number[]>(percentilesFunction, {
    deterministic: true,
    start: () => [],
    step: (values, value: number) => void values.push(value),
    result: (values) => percentilesText(values),
  });
  const verdict = database.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') throw new StreamctlError('STORE_CORRUPT', { path: filePath, reason: String(verdict) });
}

function appliedMigrations(database: SqliteDatabase): string[] {
  const table = database
    .prepare("select 1 from sqlite_master where type = 'table' and name = 'kysely_migration'")
    .get();
  if (table === undefined) return [];
  return database
    .prepare<[], Pick<MigrationInfo, 'name'>>('select name from kysely_migration')
    .all()
    .map(({ name }) => name);
}

function refuseNewer(database: SqliteDatabase, path: string): void {
  const migration = appliedMigrations(database).find((name) => migrations[name] === undefined);
  if (migration !== undefined) throw new StreamctlError('STORE_TOO_NEW', { path, migration });
}
