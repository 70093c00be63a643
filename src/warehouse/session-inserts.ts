import type { SessionRow } from '../store/ports/session-store.ts';
import type { ClickHouseClient } from './clickhouse-client.ts';
import { dayOf } from './clickhouse-schema.ts';
import { sessionLine } from './session-columns.ts';
import { doubtHoursOf } from './session-hours.ts';
import { sqlString } from './sql-text.ts';

const timeoutMs = 10_000;

/** Sessions that are inserted together, and again under the same id when it is not known whether they were. */
export interface SessionBatch {
  readonly id: string;
  readonly rows: readonly SessionRow[];
}

/**
 * Inserts a batch of sessions. One that may have arrived before is asked for first, and only what is missing is inserted: ClickHouse itself
 * does not know repeated inserts into tables that are not replicated. Question and insert carry the batch's id as query id, so ClickHouse
 * refuses both while an insert runs whose answer we did not wait for. Of what is there it cannot be told whether the roll-up has it: its
 * hours are doubted.
 */
export async function insertSessions(
  client: ClickHouseClient,
  batch: SessionBatch,
  channels: ReadonlyMap<string, string>,
  mayBeThere: boolean,
): Promise<void> {
  if (mayBeThere) await doubtHoursOf(client, batch.rows);
  const there = mayBeThere ? await sessionsThere(client, batch) : new Set<string>();
  const missing = batch.rows.filter(({ id }) => !there.has(id));
  if (missing.length === 0) return;
  const lines = missing.map((row) => sessionLine(row, channels.get(row.streamId) ?? '', batch.id)).join('');
  await client.insert('sessions', lines, { timeoutMs, queryId: batch.id });
}

async function sessionsThere(client: ClickHouseClient, { id, rows }: SessionBatch): Promise<Set<string>> {
  const days = new Set(rows.map((row) => dayOf(row.endedAtMs ?? row.seenAtMs)));
  const list = [...days].map((day) => `toDate(${sqlString(day)})`).join(', ');
  const found = await client.select<{ readonly id: string }>(
    `SELECT id FROM sessions WHERE day IN (${list}) AND batch = ${sqlString(id)}`,
    { timeoutMs, queryId: id },
  );
  return new Set(found.map((row) => row.id));
}
