import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { ClickHouseTarget } from '../../src/config/analytics-url.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import { ClickHouseClient } from '../../src/warehouse/clickhouse-client.ts';
import { ClickHouseHistory } from '../../src/warehouse/clickhouse-history.ts';
import { DiskSpool } from '../../src/warehouse/disk-spool.ts';
import { insertSessions } from '../../src/warehouse/session-inserts.ts';
import { SessionWarehouse, type WarehouseOptions } from '../../src/warehouse/session-warehouse.ts';
import { WaitingSessions } from '../../src/warehouse/waiting-sessions.ts';
import { type ClickHouseServer, startClickHouse } from '../support/clickhouse.ts';
import { randomSource } from '../support/random-sessions.ts';
import { someSession } from '../support/rows.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

let clickhouse: ClickHouseServer;
beforeAll(async () => {
  clickhouse = await startClickHouse();
});
afterAll(() => clickhouse?.dispose());

const quiet = { info: () => {}, warn: () => {} };
const day = Date.UTC(2026, 10, 23);
const dayMs = 86_400_000;
const range = { fromMs: day, untilMs: day + dayMs };

async function startWarehouse(
  target: ClickHouseTarget,
  members: Partial<WarehouseOptions> = {},
): Promise<SessionWarehouse> {
  const warehouse = new SessionWarehouse({
    client: new ClickHouseClient(target),
    spoolFolder: join(tempDir(), 'spool'),
    spoolBytes: 50_000_000,
    retentionMs: 3650 * dayMs,
    channelOf: async () => 'show',
    clock: systemClock,
    log: quiet,
    holdMs: 0,
    ...members,
  });
  await warehouse.start();
  onTestFinished(() => warehouse.stop());
  return warehouse;
}

/** What ClickHouse holds must be what the sessions that were told add up to. */
async function expectLedger(target: ClickHouseTarget, rows: readonly SessionRow[]): Promise<void> {
  const client = new ClickHouseClient(target);
  onTestFinished(() => client.close());
  const history = new ClickHouseHistory(client);
  for (const streamId of new Set(rows.map((row) => row.streamId))) {
    const own = rows.filter((row) => row.streamId === streamId);
    expect(await history.experience({ ...range, streamId })).toMatchObject({
      sessions: own.length,
      watchMs: own.reduce((sum, { watchMs }) => sum + watchMs, 0),
      stallMs: own.reduce((sum, { stallMs }) => sum + (stallMs ?? 0), 0),
    });
  }
  const sql = "SELECT uniqExact(id) AS n, countIf(channel != 'show') AS others FROM sessions";
  const [ids] = await client.select<{ n: string; others: string }>(sql, { timeoutMs: 5000 });
  expect([Number(ids?.n), Number(ids?.others)]).toEqual([rows.length, 0]);
}

test('ClickHouse freezes and dies under load: nobody waits, the spool drains, and the sums equal the ledger', async () => {
  const target = clickhouse.newTarget();
  const source = randomSource(3);
  const warehouse = await startWarehouse(target);
  const ledger: SessionRow[] = [];
  let slowestMs = 0;
  const load = setInterval(() => {
    const rows = source.sessions(40, day, dayMs);
    const sinceMs = performance.now();
    warehouse.ended(rows);
    slowestMs = Math.max(slowestMs, performance.now() - sinceMs);
    ledger.push(...rows);
  }, 10);
  onTestFinished(() => clearInterval(load));
  await until('sessions arrive', () => warehouse.stats().delivered > 1000);
  clickhouse.pause(); // an insert that is under way may be done nevertheless
  await until('sessions wait on disk', () => warehouse.stats().spooledRows > 3000, 30_000);
  await clickhouse.kill();
  await until('it is told', () => warehouse.warnings().length === 1);
  expect(warehouse.warnings()[0]).toMatch(/ClickHouse does not take viewer sessions: .* viewer sessions wait on disk/);
  await clickhouse.start();
  await until('it is taken again', () => warehouse.stats().isHealthy, 30_000);
  clearInterval(load);
  await until('the spool is empty', () => warehouse.stats().delivered === ledger.length, 30_000);
  expect(warehouse.stats()).toMatchObject({ waiting: 0, spooledRows: 0, spooledBytes: 0, dropped: 0 });
  expect(slowestMs).toBeLessThan(1000); // the wait for an insert is seconds
  await expectLedger(target, ledger);
}, 90_000);

test('what waits outlives a restart, and a batch that was inserted and not removed is not inserted twice', async () => {
  const target = clickhouse.newTarget();
  const spoolFolder = join(tempDir(), 'spool');
  const rows = randomSource(4).sessions(2000, day, dayMs);
  const away = await startWarehouse({ ...target, port: 1 }, { spoolFolder });
  away.ended(rows.slice(0, 1000));
  await until('it is on disk', () => away.stats().spooledRows === 1000);
  away.ended(rows.slice(1000));
  await away.stop();
  const files = readdirSync(spoolFolder);
  expect(files).toHaveLength(2);
  // A server inserts all of them and dies before it removes them.
  const spool = new DiskSpool(spoolFolder, 50_000_000);
  await spool.open();
  const other = await startWarehouse(target);
  const { id } = (await spool.oldest())!;
  const client = new ClickHouseClient(target);
  onTestFinished(() => client.close());
  await until(
    'the tables are there',
    () =>
      other.stats().isHealthy &&
      client.run('DESCRIBE TABLE session_hours_filler', { timeoutMs: 5000 }).then(
        () => true,
        () => false,
      ),
  );
  await insertSessions(
    client,
    { id, rows: rows.slice(0, 1000) },
    new Map([1, 2, 3].map((n) => [`st${n}`, 'show'])),
    false,
  );

  const next = await startWarehouse(target, { spoolFolder });
  await until('everything is delivered', () => next.stats().delivered === 2000);
  await until('nothing waits', () => readdirSync(spoolFolder).length === 0);
  await expectLedger(target, rows);
});

test('a full spool gives up the oldest batches but the one that may be under way, counted, and forgets what was half written', async () => {
  const folder = join(tempDir(), 'spool');
  const spool = new DiskSpool(folder, 2000);
  await spool.open();
  const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(24));
  for (const [index, id] of ids.entries())
    await spool.add({ id, rows: [someSession({ id: `${index}` }), someSession()] });
  expect(spool.sizeBytes).toBeLessThanOrEqual(2000);
  expect(spool.rowsDropped + spool.rows).toBe(6);
  expect(spool.rowsDropped).toBeGreaterThan(0);
  writeFileSync(join(folder, 'x.jsonl.new'), '{');
  const again = new DiskSpool(folder, 2000);
  await again.open();
  expect([again.rows, again.sizeBytes]).toEqual([spool.rows, spool.sizeBytes]);
  expect(readdirSync(folder)).toHaveLength(again.rows / 2);
  const first = (await again.oldest())!;
  expect(first.id).toBe(ids[0]);
  expect(first.rows).toHaveLength(2);
  await again.remove(first.id);
  expect(again.rows).toBe(spool.rows - 2);
});

test('a batch on disk that cannot be read does not hold up those behind it', async () => {
  const target = clickhouse.newTarget();
  const spoolFolder = join(tempDir(), 'spool');
  const spool = new DiskSpool(spoolFolder, 50_000_000);
  await spool.open();
  const rows = randomSource(5).sessions(20, day, dayMs);
  await spool.add({ id: 'a'.repeat(24), rows: rows.slice(0, 10) });
  await spool.add({ id: 'b'.repeat(24), rows: rows.slice(10) });
  writeFileSync(join(spoolFolder, readdirSync(spoolFolder).sort()[0]!), '{"id": "cut of');
  const warehouse = await startWarehouse(target, { spoolFolder });
  await until('the other is delivered', () => warehouse.stats().delivered === 10);
  expect(warehouse.stats()).toMatchObject({ dropped: 10, spooledRows: 0 });
  expect(warehouse.warnings()).toEqual(['10 viewer sessions never got to ClickHouse']);
  await expectLedger(target, rows.slice(10));
});

test('a session that is told again while it is held replaces what was told; batches are bounded by rows, bytes and age', () => {
  const waiting = new WaitingSessions(1000);
  waiting.add(someSession({ id: 'a', watchMs: 1 }), 0);
  waiting.add(someSession({ id: 'a', watchMs: 2 }), 900);
  expect(waiting.take(2999)).toEqual([]);
  expect(waiting.take(3000)).toEqual([someSession({ id: 'a', watchMs: 2 })]);
  for (let index = 0; index < 15_000; index++) waiting.add(someSession({ id: `${index}` }), 5000);
  const first = waiting.take(6000);
  expect(first.length).toBeGreaterThan(5000);
  expect(first.length).toBeLessThanOrEqual(10_000);
  while (waiting.size > 0) expect(waiting.take(6000, true).length).toBeLessThanOrEqual(10_000);
});
