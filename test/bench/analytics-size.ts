import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../src/store/open.ts';
import type { HistoryRange, SessionHistory } from '../../src/store/ports/session-history.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import { ClickHouseClient } from '../../src/warehouse/clickhouse-client.ts';
import { ClickHouseHistory } from '../../src/warehouse/clickhouse-history.ts';
import { createSchema } from '../../src/warehouse/clickhouse-schema.ts';
import { insertSessions } from '../../src/warehouse/session-inserts.ts';
import { startClickHouse } from '../support/clickhouse.ts';
import { startPostgres } from '../support/postgres.ts';
import { randomSource } from '../support/random-sessions.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { distributionOf } from './percentiles.ts';
import type { Report } from './report.ts';

export const analyticsKeepers = ['sqlite', 'postgres', 'clickhouse'] as const;
export type AnalyticsKeeper = (typeof analyticsKeepers)[number];

export interface AnalyticsOptions {
  readonly sessions: number;
  readonly keepers: readonly AnalyticsKeeper[];
}

interface Place {
  readonly history: SessionHistory;
  write(rows: readonly SessionRow[]): Promise<void>;
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}

const day = Date.UTC(2026, 10, 1);
const dayMs = 86_400_000;
const days = 7;
const streams = 50;
const batchRows = 10_000;
const rounds = 10;

/** Sessions of a week of 50 broadcasts, written and asked about at each of those who can keep them. */
export async function benchAnalytics({ sessions, keepers }: AnalyticsOptions, report: Report): Promise<void> {
  const rows: Record<string, string | number>[] = [];
  for (const keeper of keepers) {
    const place = await open[keeper]();
    try {
      const loadBefore = load();
      const result = { keeper, sessions, ...(await measure(place, sessions)), loadBefore, loadAfter: load() };
      rows.push(result);
      report.line(result);
    } finally {
      await place.close();
    }
  }
  report.table([Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))]);
}

async function measure(place: Place, sessions: number): Promise<Record<string, number>> {
  const source = randomSource(1);
  let writtenMs = 0;
  for (let made = 0; made < sessions; made += batchRows) {
    const rows = source.sessions(Math.min(batchRows, sessions - made), day, days * dayMs, streams);
    const sinceMs = performance.now();
    await place.write(rows);
    writtenMs += performance.now() - sinceMs;
  }
  const lastDay: HistoryRange = { fromMs: day + (days - 1) * dayMs, untilMs: day + days * dayMs };
  const { history } = place;
  return {
    insertsPerSecond: Math.round((sessions * 1000) / writtenMs),
    sizeMB: Math.round((await place.sizeBytes()) / 1e5) / 10,
    listMs: await slow(() => history.listEnded({ streamId: 'st1', limit: 100 })),
    streamExperienceMs: await slow(() =>
      history.experience({ fromMs: day, untilMs: lastDay.untilMs, streamId: 'st1' }),
    ),
    dayExperienceMs: await slow(() => history.experience(lastDay)),
    dayMinutesMs: await slow(() => history.viewersByMinute(lastDay)),
    dayQualitiesMs: await slow(() => history.byQuality(lastDay)),
    dayPlayersMs: await slow(() => history.byPlayer(lastDay)),
    weekTotalsMs: await slow(() => history.byDay({ fromMs: day, untilMs: lastDay.untilMs })),
  };
}

/** p95 of ten. */
async function slow(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const sinceMs = performance.now();
    await ask();
    times.push(performance.now() - sinceMs);
  }
  return Math.round(distributionOf(times)!.p95);
}

const open: Record<AnalyticsKeeper, () => Promise<Place>> = {
  async sqlite() {
    const { path, remove } = await temporaryFolder('analytics');
    const store = await openStore({ url: `sqlite:${join(path, 'store.db')}` });
    return {
      history: store.sessions,
      write: (rows) => store.sessions.save(rows),
      sizeBytes: async () => diskBytes(path),
      close: async () => {
        await store.close();
        await remove();
      },
    };
  },
  async postgres() {
    const server = await startPostgres();
    const url = await server.newDatabase();
    const store = await openStore({ url });
    return {
      history: store.sessions,
      write: (rows) => store.sessions.save(rows),
      async sizeBytes() {
        await server.query('vacuum analyze viewer_sessions', url);
        const [row] = await server.query("select pg_total_relation_size('viewer_sessions')::float8 as bytes", url);
        return row.bytes;
      },
      close: async () => {
        await store.close();
        await server.dispose();
      },
    };
  },
  async clickhouse() {
    const server = await startClickHouse();
    const client = new ClickHouseClient(server.newTarget());
    await createSchema(client);
    const channels = new Map(Array.from({ length: streams }, (_, index) => [`st${index + 1}`, `show-${index % 10}`]));
    let batch = 0;
    return {
      history: new ClickHouseHistory(client),
      write: (rows) => insertSessions(client, { id: `bench-${batch++}`, rows }, channels, false),
      async sizeBytes() {
        const sql =
          'SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase()';
        return Number((await client.select<{ bytes: string }>(sql, { timeoutMs: 10_000 }))[0]?.bytes);
      },
      close: async () => {
        await client.close();
        await server.dispose();
      },
    };
  },
};

function diskBytes(folder: string): number {
  return Number(execFileSync('du', ['-sb', folder], { encoding: 'utf8' }).split('\t')[0]);
}

/** Processes that want to run, over the last minute. */
function load(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
}
