import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { SessionArchive } from '../../src/analytics/session-archive.ts';
import type { AnalyticsTarget } from '../../src/config/analytics-url.ts';
import { MinuteArchive } from '../../src/live/minute-archive.ts';
import { openStore } from '../../src/store/open.ts';
import type { MinuteRow } from '../../src/store/ports/minute-store.ts';
import type { Store } from '../../src/store/ports/store.ts';
import { connectWarehouse } from '../../src/warehouse/connect-warehouse.ts';
import { type ClickHouseServer, startClickHouse } from '../support/clickhouse.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { someEvent, someSession, someStream } from '../support/rows.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

let postgres: PostgresServer;
let clickhouse: ClickHouseServer;
beforeAll(async () => {
  [postgres, clickhouse] = await Promise.all([startPostgres(), startClickHouse()]);
}, 60_000);
afterAll(async () => {
  await Promise.all([postgres?.dispose(), clickhouse?.dispose()]);
});

const dayMs = 86_400_000;
const retentionMs = 30 * dayMs;
const nowMs = Date.UTC(2026, 10, 23, 12);
const log = { info: () => {}, warn: () => {} } as never;
const all = { fromMs: 0, untilMs: nowMs + dayMs, streamId: 'st1' };

async function open(url: string): Promise<Store> {
  const store = await openStore({ url });
  onTestFinished(() => store.close());
  await store.streams.create(someStream({ id: 'st1', channel: 'show' }), someEvent({ streamId: 'st1' }));
  return store;
}

function minute(atMs: number): MinuteRow {
  return {
    ...{ streamId: 'st1', atMs, viewers: 2, viewersPeak: 3, bitrateInBps: 1e6, bitrateOutBps: 2e6, fps: 30 },
    ...{ frames: 1800, droppedFrames: 0, latencyP50Ms: null, latencyP95Ms: null, rebufferRatio: null },
  };
}

function ended(id: string, daysAgo: number) {
  const endedAtMs = nowMs - daysAgo * dayMs;
  return someSession({ id, startedAtMs: endedAtMs - 60_000, seenAtMs: endedAtMs, endedAtMs });
}

/** More of them than are removed at once, and what is to stay. */
const over = Array.from({ length: 2100 }, (_, index) => ended(`over_${index}`, 31 + index / 1000));
const lost = { ...ended('lost with its node', 31), endedAtMs: null };
const kept = ended('kept', 29);

const stores = {
  SQLite: async () => `sqlite:${join(tempDir(), 'store.db')}`,
  Postgres: () => postgres.newDatabase(),
};

test.each(Object.entries(stores))(
  'of %s what is older than the retention is removed, and nothing else',
  async (_, url) => {
    const store = await open(await url());
    const clock = new ManualClock(nowMs);
    await store.sessions.save([...over, lost, kept]);
    await store.minutes.save([...over.map((__, index) => minute(nowMs - 31 * dayMs - index * 60_000)), minute(nowMs)]);
    const sessions = new SessionArchive({ clock, store: store.sessions, node: 'test', retentionMs, log });
    const minutes = new MinuteArchive({ clock, minutes: store.minutes, retentionMs, log });
    const left = () => store.minutes.list({ streamId: 'st1', fromMs: 0, toMs: nowMs + 1, limit: 9999 });
    await until('all of it is gone', async () => {
      clock.advance(1000);
      sessions.tick(new Map());
      minutes.tick();
      return (await store.sessions.experience(all)).sessions === 1 && (await left()).length === 1;
    });
    expect((await store.sessions.listEnded({ streamId: 'st1', limit: 9 })).items).toEqual([kept]);
    expect(await left()).toEqual([minute(nowMs)]);
    await Promise.all([sessions.close([]), minutes.close()]);
  },
);

test('of ClickHouse whole days that are older are dropped; the store keeps the last day beside it', async () => {
  const store = await open(`sqlite:${join(tempDir(), 'store.db')}`);
  const clock = new ManualClock(nowMs);
  const target: AnalyticsTarget = clickhouse.newTarget();
  const dataDir = tempDir();
  const warehouse = await connectWarehouse({ target, retentionMs, dataDir, store, clock, log });
  onTestFinished(() => warehouse.stop());
  expect(warehouse.storeRetentionMs).toBe(dayMs);
  const today = ended('today', 0);
  await store.sessions.save([today]);
  for (const sink of warehouse.sinks) sink.ended([ended('over', 32), kept, today]);
  const long = warehouse.historyOf({ fromMs: 0 });
  const known = async () => (await long.experience(all).catch(() => undefined))?.sessions;
  // Sessions are held for a minute, and days are looked at once an hour.
  await until('they are there', async () => {
    clock.advance(70_000);
    return (warehouse.stats()?.delivered ?? 0) === 3;
  });
  await until('the old day is gone', async () => {
    clock.advance(3_600_000);
    return (await known()) === 2;
  });
  expect(warehouse.historyOf({ fromMs: clock.wallMs() - 3_600_000 })).toBe(store.sessions);
  expect(warehouse.historyOf({ fromMs: clock.wallMs() - dayMs })).toBe(long);
  expect((await long.listEnded({ streamId: 'st1', limit: 9 })).items.map(({ id }) => id)).toEqual(['today', 'kept']);
});
