import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import { ClickHouseClient } from '../../src/warehouse/clickhouse-client.ts';
import { ClickHouseHistory } from '../../src/warehouse/clickhouse-history.ts';
import { createSchema, dropDaysBefore } from '../../src/warehouse/clickhouse-schema.ts';
import { insertSessions } from '../../src/warehouse/session-inserts.ts';
import { sqlInteger, sqlString } from '../../src/warehouse/sql-text.ts';
import { analyticsContract } from '../contract/analytics.ts';
import { sessionHoursContract } from '../contract/session-hours.ts';
import { type ClickHouseServer, startClickHouse } from '../support/clickhouse.ts';
import { randomSource } from '../support/random-sessions.ts';
import { until } from '../support/until.ts';

let clickhouse: ClickHouseServer;
beforeAll(async () => {
  clickhouse = await startClickHouse();
});
afterAll(() => clickhouse?.dispose());

const day = Date.UTC(2026, 10, 23);
const dayMs = 86_400_000;
const timeoutMs = 10_000;

async function openClient(): Promise<ClickHouseClient> {
  const client = new ClickHouseClient(clickhouse.newTarget());
  await createSchema(client);
  await createSchema(client); // which finds everything there
  return client;
}

analyticsContract('ClickHouse', async () => {
  const client = await openClient();
  return {
    history: new ClickHouseHistory(client),
    async write(rows) {
      // In two batches, so that answers are put together from several parts.
      const half = rows.length >> 1;
      for (const [id, part] of [rows.slice(0, half), rows.slice(half)].entries()) {
        await insertSessions(client, { id: `batch-${client.database}-${id}`, rows: part }, new Map(), false);
      }
    },
    close: () => client.close(),
  };
});

sessionHoursContract('ClickHouse', () => clickhouse.newTarget());

test('a batch that may have arrived, or half of it, is there once afterwards', async () => {
  const client = await openClient();
  onTestFinished(() => client.close());
  const history = new ClickHouseHistory(client);
  const batch = { id: 'batch-1', rows: randomSource(1).sessions(1000, day, dayMs, 1) };
  await insertSessions(client, { ...batch, rows: batch.rows.slice(0, 400) }, new Map(), false);
  for (let time = 0; time < 3; time++) await insertSessions(client, batch, new Map(), true);
  const range = { streamId: 'st1', fromMs: day, untilMs: day + dayMs };
  expect((await history.experience(range)).sessions).toBe(1000);
});

test('a statement is refused while one with the same id runs', async () => {
  const client = await openClient();
  onTestFinished(() => client.close());
  const slow = client.run('SELECT sleep(3)', { timeoutMs, queryId: 'same' });
  const running = "SELECT count() AS n FROM system.processes WHERE query_id = 'same'";
  await until('it runs', async () => Number((await client.select<{ n: string }>(running, { timeoutMs }))[0]?.n) === 1);
  await expect(client.run('SELECT 1', { timeoutMs, queryId: 'same' })).rejects.toMatchObject({ number: 216 });
  await slow;
});

test('whole days whose time is over are removed', async () => {
  const client = await openClient();
  onTestFinished(() => client.close());
  const history = new ClickHouseHistory(client);
  const rows = randomSource(2).sessions(900, day, 3 * dayMs, 1);
  await insertSessions(client, { id: 'batch-days', rows }, new Map(), false);
  expect(await dropDaysBefore(client, day + dayMs + dayMs / 2)).toBe(1);
  const all = { streamId: 'st1', fromMs: day, untilMs: day + 3 * dayMs };
  const kept = rows.filter(({ endedAtMs }) => endedAtMs! >= day + dayMs).length;
  expect((await history.experience(all)).sessions).toBe(kept);
  expect(await dropDaysBefore(client, day + dayMs)).toBe(0);
});

test('a table of an earlier version, which knows no unknown stalls, is taken over', async () => {
  const client = await openClient();
  onTestFinished(() => client.close());
  for (const name of ['stalls', 'stall_ms'])
    await client.run(`ALTER TABLE sessions MODIFY COLUMN ${name} Int64`, { timeoutMs });
  const [before, after] = randomSource(6).sessions(2, day, dayMs, 1) as [SessionRow, SessionRow];
  const channels = new Map();
  await insertSessions(client, { id: 'before', rows: [{ ...before, stalls: 3, stallMs: 900 }] }, channels, false);
  await createSchema(client);
  await insertSessions(client, { id: 'after', rows: [{ ...after, stalls: null, stallMs: null }] }, channels, false);
  const { items } = await new ClickHouseHistory(client).listEnded({ streamId: 'st1', limit: 9 });
  expect(new Map(items.map(({ id, stalls, stallMs }) => [id, [stalls, stallMs]]))).toEqual(
    new Map([
      [before.id, [3, 900]],
      [after.id, [null, null]],
    ]),
  );
});

test('any text stands in SQL as what it is', async () => {
  const client = await openClient();
  onTestFinished(() => client.close());
  const alphabet = [
    ...`'"\\\`%;-/*()nrt0bx?{}:@ é漢😀`,
    '\0',
    '\b',
    '\t',
    '\n',
    '\f',
    '\r',
    '\x1a',
    '\x7f',
    '\u2028',
    '--',
    "\\'",
  ];
  let state = 99;
  const below = (limit: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const texts = Array.from({ length: 400 }, () =>
    Array.from({ length: below(12) }, () => alphabet[below(alphabet.length)]).join(''),
  );
  const columns = texts.map((text, index) => `${sqlString(text)} AS t${index}`).join(', ');
  const [row = {}] = await client.select<Record<string, string>>(`SELECT ${columns}`, { timeoutMs });
  expect(texts.map((_, index) => row[`t${index}`])).toEqual(texts);
  expect(sqlInteger(-5)).toBe('-5');
  for (const value of [Number.NaN, 1.5, 2 ** 60, Number.POSITIVE_INFINITY]) expect(() => sqlInteger(value)).toThrow();
});
