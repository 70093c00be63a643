import { type ClickHouseClient, ClickHouseError } from './clickhouse-client.ts';

const timeoutMs = 10_000;
const unknownDatabase = 81;

/** SQL that ClickHouse 18.16 runs, and today's. `day` is that of the end of a session, of UTC. */
const sessionsTable = `CREATE TABLE IF NOT EXISTS sessions (
  day Date, batch String, id String, stream_id String, channel String, session_key String, node String,
  started_at Int64, seen_at Int64, ended_at Int64,
  startup_ms Nullable(Int64), startup_source String, watch_ms Int64, stalls Nullable(Int64),
  stall_ms Nullable(Int64),
  qualities_json String, last_quality String, latency_ms Nullable(Int64), errors Int64,
  player String, network String, country String, format String, bytes Int64,
  total_frames Nullable(Int64), dropped_frames Nullable(Int64)
) ENGINE = MergeTree() PARTITION BY day ORDER BY (stream_id, started_at, id) SETTINGS index_granularity = 8192`;

/**
 * Sums of the sessions that ended in an hour; `hour` counts from the epoch. `dimension`: the column that `name` is of; empty: of all. Of those
 * whose stalls are known: `judged`, how many they are, and `judged_watch`. ClickHouse 18.16 has no states of what may be null.
 */
const sessionHoursTable = `CREATE TABLE IF NOT EXISTS session_hours (
  day Date, stream_id String, dimension String, hour Int64, name String,
  sessions AggregateFunction(count), watch AggregateFunction(sum, Int64), failed AggregateFunction(sum, Int64),
  judged AggregateFunction(sum, Int64), judged_watch AggregateFunction(sum, Int64),
  stall_count AggregateFunction(sum, Int64), stall AggregateFunction(sum, Int64)
) ENGINE = AggregatingMergeTree() PARTITION BY day ORDER BY (stream_id, dimension, hour, name)
SETTINGS index_granularity = 1024`;

/** One row of a dimension at a time: of all combinations there would be about as many as sessions. */
const sessionHoursView = `CREATE MATERIALIZED VIEW IF NOT EXISTS session_hours_filler TO session_hours AS
  SELECT day, stream_id, dimension, intDiv(ended_at, 3600000) AS hour, name, countState() AS sessions,
    sumState(watch_ms) AS watch, sumState(errors) AS failed, sumState(toInt64(isNotNull(stall_ms))) AS judged,
    sumState(if(isNull(stall_ms), 0, watch_ms)) AS judged_watch, sumState(ifNull(stalls, 0)) AS stall_count,
    sumState(ifNull(stall_ms, 0)) AS stall
  FROM sessions ARRAY JOIN ['', 'last_quality', 'player', 'country'] AS dimension,
    ['', last_quality, player, country] AS name
  GROUP BY day, stream_id, dimension, hour, name`;

/** Hours that the roll-up may be wrong about. */
const doubtedHoursTable = `CREATE TABLE IF NOT EXISTS session_hours_doubted (day Date, hour Int64)
  ENGINE = MergeTree() PARTITION BY day ORDER BY hour SETTINGS index_granularity = 8192`;

/** All hours of sessions that are there, and up to the next but one: an insert that has begun without the view may go on for seconds. */
const doubtAllHours = `INSERT INTO session_hours_doubted SELECT toDate(intDiv(hour, 24)) AS day, hour FROM (
  SELECT arrayJoin(range(toUInt64(until_hour - first_hour))) + first_hour AS hour FROM (
    SELECT intDiv(min(ended_at), 3600000) AS first_hour,
      greatest(intDiv(max(ended_at), 3600000), intDiv(toInt64(toUnixTimestamp(now())), 3600)) + 2 AS until_hour
    FROM sessions HAVING count() > 0))`;

const partitionedTables = ['sessions', 'session_hours', 'session_hours_doubted'] as const;

/** Roll-ups that earlier versions made and nobody asks: views first, which would go on to fill the others. */
const formerTables: readonly string[] = [
  ...['session_days_filler', 'session_arrivals_filler', 'session_departures_filler'],
  ...['session_days', 'session_minutes'],
];

/** Makes what is not there yet, the database too, and removes what is not needed any more. */
export async function createSchema(client: ClickHouseClient): Promise<void> {
  try {
    await client.run('SELECT 1', { timeoutMs });
  } catch (error) {
    if (!(error instanceof ClickHouseError) || error.number !== unknownDatabase) throw error;
    await client.run(`CREATE DATABASE IF NOT EXISTS ${client.database}`, { timeoutMs, database: 'default' });
  }
  await client.run(sessionsTable, { timeoutMs });
  await allowUnknownStalls(client);
  await client.run(doubtedHoursTable, { timeoutMs });
  const present = await tablesOf(client);
  if (!present.has('session_hours') || !present.has('session_hours_filler')) await createRollUp(client);
  for (const former of formerTables) {
    // Looked for before, because it takes a right that is needed for nothing else.
    if (present.has(former)) await client.run(`DROP TABLE IF EXISTS ${former}`, { timeoutMs });
  }
}

/** Earlier versions wrote no stalls where nothing was known of them. */
async function allowUnknownStalls(client: ClickHouseClient): Promise<void> {
  const certain = await client.select<{ readonly name: string }>(
    `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'sessions'
     AND name IN ('stalls', 'stall_ms') AND type = 'Int64'`,
    { timeoutMs },
  );
  for (const { name } of certain)
    await client.run(`ALTER TABLE sessions MODIFY COLUMN ${name} Nullable(Int64)`, { timeoutMs });
}

/**
 * It begins empty, beside sessions that are there and others that come meanwhile. So all hours up to now are doubted before there is a view,
 * whose presence says that this was done.
 */
async function createRollUp(client: ClickHouseClient): Promise<void> {
  for (const statement of [doubtAllHours, sessionHoursTable, sessionHoursView])
    await client.run(statement, { timeoutMs });
}

async function tablesOf(client: ClickHouseClient): Promise<Set<string>> {
  const sql = 'SELECT name FROM system.tables WHERE database = currentDatabase()';
  const tables = await client.select<{ readonly name: string }>(sql, { timeoutMs });
  return new Set(tables.map(({ name }) => name));
}

/** Removes whole days that ended before; tells how many that were. */
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
  return new Set(old.map(({ partition_id: id }) => id)).size;
}

/** `2026-11-23`, of UTC. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
