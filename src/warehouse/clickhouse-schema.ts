import { type ClickHouseClient, ClickHouseError } from './clickhouse-client.ts';

const timeoutMs = 10_000;
const unknownDatabase = 81;

/** Tables and views, in the order they are made. SQL that ClickHouse 18.16 runs, and today's. `day` is that of the end of a session, of UTC. */
const statements: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS sessions (
    day Date, batch String, id String, stream_id String, channel String, session_key String, node String,
    started_at Int64, seen_at Int64, ended_at Int64,
    startup_ms Nullable(Int64), startup_source String, watch_ms Int64, stalls Int64, stall_ms Int64,
    qualities_json String, last_quality String, latency_ms Nullable(Int64), errors Int64,
    player String, network String, country String, format String, bytes Int64,
    total_frames Nullable(Int64), dropped_frames Nullable(Int64)
  ) ENGINE = MergeTree() PARTITION BY day ORDER BY (stream_id, started_at, id) SETTINGS index_granularity = 8192`,

  `CREATE TABLE IF NOT EXISTS session_days (
    day Date, channel String, stream_id String,
    sessions AggregateFunction(count), watch AggregateFunction(sum, Int64), stall AggregateFunction(sum, Int64),
    failed AggregateFunction(sum, Int64), sent AggregateFunction(sum, Int64)
  ) ENGINE = AggregatingMergeTree() PARTITION BY day ORDER BY (day, channel, stream_id) SETTINGS index_granularity = 8192`,

  `CREATE MATERIALIZED VIEW IF NOT EXISTS session_days_filler TO session_days AS
    SELECT day, channel, stream_id, countState() AS sessions, sumState(watch_ms) AS watch, sumState(stall_ms) AS stall,
      sumState(errors) AS failed, sumState(bytes) AS sent
    FROM sessions GROUP BY day, channel, stream_id`,

  // How many more viewers each minute has than the one before it.
  `CREATE TABLE IF NOT EXISTS session_minutes (
    day Date, stream_id String, channel String, minute Int64, change AggregateFunction(sum, Int64)
  ) ENGINE = AggregatingMergeTree() PARTITION BY day ORDER BY (stream_id, channel, minute) SETTINGS index_granularity = 8192`,

  `CREATE MATERIALIZED VIEW IF NOT EXISTS session_arrivals_filler TO session_minutes AS
    SELECT day, stream_id, channel, intDiv(started_at, 60000) AS minute, sumState(toInt64(1)) AS change
    FROM sessions GROUP BY day, stream_id, channel, minute`,

  `CREATE MATERIALIZED VIEW IF NOT EXISTS session_departures_filler TO session_minutes AS
    SELECT day, stream_id, channel, intDiv(ended_at, 60000) + 1 AS minute, sumState(toInt64(-1)) AS change
    FROM sessions GROUP BY day, stream_id, channel, minute`,
];

const partitionedTables = ['sessions', 'session_days', 'session_minutes'] as const;

/** Makes what is not there yet, the database too. */
export async function createSchema(client: ClickHouseClient): Promise<void> {
  try {
    await client.run('SELECT 1', { timeoutMs });
  } catch (error) {
    if (!(error instanceof ClickHouseError) || error.number !== unknownDatabase) throw error;
    await client.run(`CREATE DATABASE IF NOT EXISTS ${client.database}`, { timeoutMs, database: 'default' });
  }
  for (const statement of statements) await client.run(statement, { timeoutMs });
}

/** Removes whole days that ended before; tells how many parts of tables that were. */
export async function dropDaysBefore(client: ClickHouseClient, beforeMs: number): Promise<number> {
  const firstKept = dayOf(beforeMs).replaceAll('-', '');
  const tables = partitionedTables.map((table) => `'${table}'`).join(', ');
  const old = await client.select<{ readonly table: string; readonly partition_id: string }>(
    `SELECT DISTINCT table, partition_id FROM system.parts
     WHERE active AND database = currentDatabase() AND table IN (${tables}) AND partition_id < '${firstKept}'`,
    { timeoutMs },
  );
  for (const { table, partition_id: id } of old) {
    if (/^\d{8}$/.test(id)) await client.run(`ALTER TABLE ${table} DROP PARTITION ID '${id}'`, { timeoutMs });
  }
  return old.length;
}

/** `2026-11-23`, of UTC. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
