import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { endsConnection, postgresError } from './postgres-error.ts';
import type { PostgresAddress } from './url.ts';

/** How many connections a node holds at most. Writes of broadcasts take one; the rest is for the API and its readers. */
const maxConnections = 8;
const connectTimeoutMs = 3000;
/** Of one statement, told to Postgres; a lock is waited for a shorter time, so that the error says which it was. */
const statementTimeoutMs = 5000;
const lockTimeoutMs = 2000;
/** After that Postgres itself does not answer any more, or the way to it is cut. */
const answerTimeoutMs = 6000;
/** A node that froze in the middle of a transaction gives up its locks. */
const idleInTransactionTimeoutMs = 10_000;
const keepAliveDelayMs = 10_000;

const int8 = 20;

export interface PoolOptions {
  /** Whether statements may take as long as they need, as migrations do. */
  readonly isPatient?: boolean;
}

/** A pool of connections for kysely: errors come out as the catalogue has them, and a connection in doubt is thrown away. */
export class ConnectionPool implements PostgresPool {
  readonly options: object = {};
  private readonly address: PostgresAddress;
  private readonly pool: pg.Pool;
  private ending: Promise<void> | undefined;

  constructor(address: PostgresAddress, { isPatient = false }: PoolOptions = {}) {
    this.address = address;
    const { host, port, user, password, database, ssl, options } = address;
    this.pool = new pg.Pool({
      host,
      port,
      user,
      password,
      database,
      ssl,
      options,
      application_name: 'streamctl',
      max: maxConnections,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveDelayMs,
      connectionTimeoutMillis: connectTimeoutMs,
      ...(!isPatient && {
        statement_timeout: statementTimeoutMs,
        lock_timeout: lockTimeoutMs,
        idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
        query_timeout: answerTimeoutMs,
      }),
      types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
    });
    // Connections break while nobody uses them, or between two statements: the next statement says so.
    this.pool.on('error', () => {});
    this.pool.on('connect', (client) => client.on('error', () => {}));
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      return new GuardedClient(await this.pool.connect(), this.address.name);
    } catch (error) {
      throw postgresError(error, this.address.name);
    }
  }

  async end(): Promise<void> {
    this.ending ??= this.pool.end();
    await this.ending;
  }
}

/** Ids and times are far below 2^53, so that eight-byte integers are numbers. */
function parserOf(oid: number, format?: 'text' | 'binary'): unknown {
  return oid === int8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text');
}

class GuardedClient implements PostgresPoolClient {
  private readonly client: pg.PoolClient;
  private readonly name: string;
  private failure: unknown;

  constructor(client: pg.PoolClient, name: string) {
    this.client = client;
    this.name = name;
  }

  readonly query = (async (sql: string, parameters: readonly unknown[]) => {
    // An answer that was given up may still come: nothing more is asked here, not even for a rollback.
    if (this.failure !== undefined) throw this.failure;
    try {
      return await this.client.query(sql, parameters.map(withoutNul));
    } catch (cause) {
      const error = postgresError(cause, this.name);
      if (endsConnection(error)) this.failure = error;
      throw error;
    }
  }) as unknown as PostgresPoolClient['query']; // rows are not read piece by piece

  release(isDoubtful = false): void {
    this.client.release(isDoubtful || this.failure !== undefined);
  }
}

/** Postgres takes every character in a text but NUL, which what comes from outside may hold; it becomes U+FFFD. */
function withoutNul(parameter: unknown): unknown {
  return typeof parameter === 'string' && parameter.includes('\0') ? parameter.replaceAll('\0', '\ufffd') : parameter;
}
