import { setTimeout as delay } from 'node:timers/promises';
import Sqlite, { type Database as SqliteDatabase, type Statement } from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { StreamctlError } from '../../base/errors.ts';

/** How long an operation waits for another process that writes, before STORE_LOCKED. */
const lockWaitMs = 2000;
const maxCachedStatements = 200;

/** Maps what SQLite says to what a person can do; what it does not know passes through. */
export function storeError(error: unknown, path: string): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  const { code, message: reason } = error;
  const options = { cause: error };
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new StreamctlError('STORE_LOCKED', { path }, options);
  }
  if (code.startsWith('SQLITE_CORRUPT')) return new StreamctlError('STORE_CORRUPT', { path, reason }, options);
  if (code === 'SQLITE_NOTADB') return new StreamctlError('STORE_NOT_A_DATABASE', { path }, options);
  if (code === 'SQLITE_FULL') return new StreamctlError('STORE_FULL', { path }, options);
  if (code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_IOERR')) {
    return new StreamctlError('STORE_UNWRITABLE', { path, reason: `${code}: ${reason}` }, options);
  }
  return error;
}

/**
 * kysely's dialect for better-sqlite3, with three differences from the one it ships: transactions begin IMMEDIATE, so that a
 * reader never fails on its way to writing; a lock held by another process is waited for without blocking the thread;
 * and migrations are one transaction, so that a process killed in the middle leaves none half done.
 */
export function sqliteDialect(database: SqliteDatabase): Dialect {
  return {
    createDriver: () => new SqliteConnectionDriver(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new TransactionalAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class SqliteConnectionDriver implements Driver {
  private readonly database: SqliteDatabase;
  private readonly connection: SqliteConnection;

  constructor(database: SqliteDatabase) {
    this.database = database;
    this.connection = new SqliteConnection(database);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.connection;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // A full disk makes SQLite roll back by itself.
    if (this.database.inTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.database.close();
  }
}

class SqliteConnection implements DatabaseConnection {
  private readonly database: SqliteDatabase;
  private readonly statements = new Map<string, Statement>();

  constructor(database: SqliteDatabase) {
    this.database = database;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const deadlineMs = performance.now() + lockWaitMs;
    for (;;) {
      try {
        return this.execute<Row>(query);
      } catch (error) {
        const isBusy = error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY');
        if (!isBusy || performance.now() >= deadlineMs) throw storeError(error, this.database.name);
        await delay(10);
      }
    }
  }

  private execute<Row>({ sql, parameters }: CompiledQuery): QueryResult<Row> {
    const statement = this.prepare(sql);
    if (statement.reader) return { rows: statement.all(...parameters) as Row[] };
    const { changes, lastInsertRowid } = statement.run(...parameters);
    return { rows: [], insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes) };
  }

  private prepare(sql: string): Statement {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    if (this.statements.size < maxCachedStatements) this.statements.set(sql, statement);
    return statement;
  }

  // biome-ignore lint/correctness/useYield: the interface asks for it, nothing here streams rows
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('this store does not stream rows');
  }
}
