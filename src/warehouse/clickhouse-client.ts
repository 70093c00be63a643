import { Pool } from 'undici';
import { StreamctlError } from '../base/errors.ts';
import { tlsFailure } from '../base/failure-text.ts';
import type { ClickHouseTarget } from '../config/analytics-url.ts';

const connectTimeoutMs = 3000;
/** ClickHouse is told to give up a second earlier than we do. */
const spareMs = 1000;
const keptErrorText = 500;

/** What ClickHouse answered instead of a result. */
export class ClickHouseError extends Error {
  /** Of its list of errors (ErrorCodes.cpp); 0: unknown. */
  readonly number: number;

  constructor(status: number, text: string) {
    const [, digits = '0'] = /Code: (\d+)/.exec(text) ?? [];
    super(`ClickHouse answered ${status}: ${text.slice(0, keptErrorText)}`);
    this.number = Number(digits);
  }
}

export interface StatementOptions {
  readonly timeoutMs: number;
  /** Of two statements with the same id ClickHouse refuses the second while the first one runs. */
  readonly queryId?: string | undefined;
  /** By default the one that is configured. */
  readonly database?: string;
}

/** ClickHouse by its HTTP interface, also HTTPS. Every call ends in time, in an answer or an error: ANALYTICS_TLS_FAILED where it was TLS. */
export class ClickHouseClient {
  readonly database: string;
  private readonly pool: Pool;
  private readonly place: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor({ host, port, isTls, database, login }: ClickHouseTarget) {
    this.database = database;
    this.place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.pool = new Pool(`${isTls ? 'https' : 'http'}://${this.place}`, {
      connections: 4,
      connect: { timeout: connectTimeoutMs },
    });
    this.headers = login === undefined ? {} : { 'x-clickhouse-user': login.user, 'x-clickhouse-key': login.password };
  }

  /** Rows of a SELECT. Numbers of 64 bits come as text. */
  async select<Row>(sql: string, options: StatementOptions): Promise<Row[]> {
    const text = await this.post({ wait_end_of_query: '1' }, `${sql} FORMAT JSONEachRow`, options);
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Row);
  }

  async run(sql: string, options: StatementOptions): Promise<void> {
    await this.post({}, sql, options);
  }

  /** Inserts lines of JSON. */
  async insert(table: string, lines: string, options: StatementOptions): Promise<void> {
    await this.post({ query: `INSERT INTO ${table} FORMAT JSONEachRow` }, lines, options);
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async post(
    parameters: Readonly<Record<string, string>>,
    body: string,
    { timeoutMs, queryId, database = this.database }: StatementOptions,
  ): Promise<string> {
    const query = new URLSearchParams({
      ...parameters,
      database,
      output_format_json_quote_64bit_integers: '1',
      max_execution_time: String(Math.max(1, Math.floor((timeoutMs - spareMs) / 1000))),
      ...(queryId !== undefined && { query_id: queryId }),
    });
    const { pool, headers, place } = this;
    const signal = AbortSignal.timeout(timeoutMs);
    const asked = pool.request({ method: 'POST', path: `/?${query}`, headers, body, signal });
    const { statusCode, body: answer } = await asked.catch((cause: unknown) => {
      const reason = tlsFailure(cause);
      throw reason === undefined ? cause : new StreamctlError('ANALYTICS_TLS_FAILED', { place, reason }, { cause });
    });
    const text = await answer.text();
    if (statusCode !== 200) throw new ClickHouseError(statusCode, text);
    return text;
  }
}
