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
  await dropFormerTables(client);
  await allowUnknownStalls(client);
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

/** Asked for before, because it takes a right that is needed for nothing else. */
async function dropFormerTables(client: ClickHouseClient): Promise<void> {
  const names = formerTables.map((name) => `'${name}'`).join(', ');
  const present = await client.select<{ readonly name: string }>(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN (${names})`,
    { timeoutMs },
  );
  for (const former of formerTables) {
    if (present.some(({ name }) => name === former)) await client.run(`DROP TABLE ${former}`, { timeoutMs });
  }
}

/** Removes whole days that ended before; tells how many that were. */
export async function dropDaysBefore(client: ClickHouseClient, beforeMs: number): Promise<number> {
  const firstKept = dayOf(beforeMs).replaceAll('-', '');
  const old = await client.select<{ readonly partition_id: string }>(
    `SELECT DISTINCT partition_id FROM system.parts
     WHERE active AND database = currentDatabase() AND table = 'sessions' AND partition_id < '${firstKept}'`,
    { timeoutMs },
  );
  for (const { partition_id: id } of old) {
    if (/^\d{8}$/.test(id)) await client.run(`ALTER TABLE sessions DROP PARTITION ID '${id}'`, { timeoutMs });
  }
  return old.length;
}

/** `2026-11-23`, of UTC. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
