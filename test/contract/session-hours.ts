import { describe, expect, onTestFinished, test } from 'vitest';
import type { ClickHouseTarget } from '../../src/config/analytics-url.ts';
import type { SessionRow } from '../../src/store/ports/session-store.ts';
import { ClickHouseClient, ClickHouseError } from '../../src/warehouse/clickhouse-client.ts';
import { ClickHouseHistory } from '../../src/warehouse/clickhouse-history.ts';
import { createSchema, dropDaysBefore } from '../../src/warehouse/clickhouse-schema.ts';
import { insertSessions } from '../../src/warehouse/session-inserts.ts';
import { randomSource } from '../support/random-sessions.ts';

const day = Date.UTC(2026, 10, 20);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const timeoutMs = 10_000;
const noChannels = new Map<string, string>();

const sessionsAlone = `CREATE TABLE sessions (
  day Date, batch String, id String, stream_id String, channel String, session_key String, node String,
  started_at Int64, seen_at Int64, ended_at Int64,
  startup_ms Nullable(Int64), startup_source String, watch_ms Int64, stalls Int64, stall_ms Int64,
  qualities_json String, last_quality String, latency_ms Nullable(Int64), errors Int64,
  player String, network String, country String, format String, bytes Int64,
  total_frames Nullable(Int64), dropped_frames Nullable(Int64)
) ENGINE = MergeTree() PARTITION BY day ORDER BY (stream_id, started_at, id) SETTINGS index_granularity = 8192`;

/** What versions before have made. */
const formerSchemas = {
  'sessions alone': [sessionsAlone],
  'sessions and roll-ups that are not asked any more': [
    sessionsAlone,
    `CREATE TABLE session_days (
      day Date, channel String, stream_id String,
      sessions AggregateFunction(count), watch AggregateFunction(sum, Int64), stall AggregateFunction(sum, Int64),
      failed AggregateFunction(sum, Int64), sent AggregateFunction(sum, Int64)
    ) ENGINE = AggregatingMergeTree() PARTITION BY day ORDER BY (day, channel, stream_id) SETTINGS index_granularity = 8192`,
    `CREATE MATERIALIZED VIEW session_days_filler TO session_days AS
      SELECT day, channel, stream_id, countState() AS sessions, sumState(watch_ms) AS watch, sumState(stall_ms) AS stall,
        sumState(errors) AS failed, sumState(bytes) AS sent
      FROM sessions GROUP BY day, channel, stream_id`,
    `CREATE TABLE session_minutes (
      day Date, stream_id String, channel String, minute Int64, change AggregateFunction(sum, Int64)
    ) ENGINE = AggregatingMergeTree() PARTITION BY day ORDER BY (stream_id, channel, minute) SETTINGS index_granularity = 8192`,
    `CREATE MATERIALIZED VIEW session_arrivals_filler TO session_minutes AS
      SELECT day, stream_id, channel, intDiv(started_at, 60000) AS minute, sumState(toInt64(1)) AS change
      FROM sessions GROUP BY day, stream_id, channel, minute`,
    `CREATE MATERIALIZED VIEW session_departures_filler TO session_minutes AS
      SELECT day, stream_id, channel, intDiv(ended_at, 60000) + 1 AS minute, sumState(toInt64(-1)) AS change
      FROM sessions GROUP BY day, stream_id, channel, minute`,
  ],
};

/** What the roll-up of sessions by the hour must do in every version of ClickHouse. */
export function sessionHoursContract(name: string, newTarget: () => ClickHouseTarget): void {
  async function open(): Promise<{ client: ClickHouseClient; history: ClickHouseHistory }> {
    const client = new ClickHouseClient(newTarget());
    onTestFinished(() => client.close());
    await client.run(`CREATE DATABASE ${client.database}`, { timeoutMs, database: 'default' });
    return { client, history: new ClickHouseHistory(client) };
  }

  const write = (client: ClickHouseClient, id: string, rows: readonly SessionRow[], mayBeThere = false) =>
    insertSessions(client, { id: `${client.database}-${id}`, rows }, noChannels, mayBeThere);

  /** As it is delivered to a database that somebody changes: again, when it failed. */
  const deliver = (client: ClickHouseClient, id: string, rows: readonly SessionRow[]) =>
    write(client, id, rows).catch(() => write(client, id, rows, true));

  /** Holds the sums of whole hours, and of broken ones at both edges, against what was written. */
  async function expectSums(history: ClickHouseHistory, rows: readonly SessionRow[]): Promise<void> {
    const firstMs = Math.min(...rows.map(({ endedAtMs }) => endedAtMs!));
    for (const [fromMs, untilMs] of [
      [day, day + 30 * dayMs],
      [firstMs + 2.3 * hourMs, firstMs + 20.9 * hourMs],
    ] as const) {
      const range = { streamId: 'st1', fromMs, untilMs };
      const those = rows.filter(({ streamId, endedAtMs }) => {
        return streamId === 'st1' && endedAtMs! >= fromMs && endedAtMs! < untilMs;
      });
      const sum = (value: (row: SessionRow) => number | null) =>
        those.reduce((total, row) => total + (value(row) ?? 0), 0);
      expect(those.length).toBeGreaterThan(0);
      const [watchMs, stallMs] = [sum((row) => row.watchMs), sum((row) => row.stallMs)];
      const judgedMs = sum((row) => (row.stallMs === null ? 0 : row.watchMs));
      expect(await history.experience(range)).toMatchObject({
        ...{ sessions: those.length, watchMs, stallMs, rebufferRatio: stallMs / (judgedMs + stallMs) },
        ...{ stalls: sum((row) => row.stalls), errors: sum((row) => row.errors) },
      });
      const players = await history.byPlayer(range);
      expect(players.reduce((total, { sessions }) => total + sessions, 0)).toBe(those.length);
    }
  }

  describe(`${name}: sessions by the hour`, () => {
    test('sums of whole hours come from the roll-up, those of broken hours from sessions', async () => {
      const { client, history } = await open();
      await createSchema(client);
      const rows = randomSource(1).sessions(2000, day, dayMs, 1);
      await write(client, 'all', rows);
      await expectSums(history, rows);
      const whole = { streamId: 'st1', fromMs: day + 3 * hourMs, untilMs: day + 9 * hourMs };
      const those = await history.experience(whole);
      const players = await history.byPlayer(whole);
      await client.run("ALTER TABLE sessions DROP PARTITION ID '20261120'", { timeoutMs });
      expect(await history.experience(whole)).toEqual({ ...those, startupMs: {}, latencyMs: null, bitrateBps: null });
      expect(await history.experience({ ...whole, fromMs: whole.fromMs - 1, untilMs: whole.untilMs + 1 })).toEqual(
        await history.experience(whole),
      );
      expect(await history.byPlayer(whole)).toEqual(players);
      expect(await history.byPlayer({ ...whole, untilMs: whole.fromMs + hourMs - 1 })).toEqual([]);
    });

    test('of sessions that are sent again none counts twice, and none is missing that had got to sessions but not to the roll-up, or only there', async () => {
      const { client, history } = await open();
      await createSchema(client);
      const source = randomSource(2);
      const on = (days: number) => source.sessions(600, day + days * dayMs, dayMs, 1);
      const [lost, early, other] = [on(0), on(1), on(2)];
      // As if ClickHouse had died when `sessions` had some of them and the roll-up had not …
      await client.run('DETACH TABLE session_hours_filler', { timeoutMs });
      await write(client, 'lost', lost.slice(0, 400));
      await client.run('ATTACH TABLE session_hours_filler', { timeoutMs });
      await write(client, 'lost', lost, true);
      await expectSums(history, lost);
      // … or the other way round.
      await write(client, 'early', early.slice(0, 400));
      await client.run("ALTER TABLE sessions DROP PARTITION ID '20261121'", { timeoutMs });
      for (let time = 0; time < 3; time++) await write(client, 'early', early, true);
      await write(client, 'other', other);
      await expectSums(history, [...lost, ...early, ...other]);
    });

    test.each(Object.entries(formerSchemas))(
      'a database with %s is taken over while sessions come: each counts once, and later hours come from the roll-up',
      async (_, former) => {
        const { client, history } = await open();
        for (const statement of former) await client.run(statement, { timeoutMs });
        const source = randomSource(3);
        const judged = (count: number) =>
          source.sessions(count, day, dayMs, 1).map((row) => ({ ...row, stalls: 1, stallMs: row.stallMs ?? 7 }));
        const rows = judged(1000);
        await write(client, 'before', rows);
        const batches = Array.from({ length: 12 }, () => judged(50));
        await Promise.all([
          ...batches.slice(0, 6).map((batch, index) => deliver(client, `early-${index}`, batch)),
          createSchema(client),
          createSchema(client),
          ...batches.slice(6).map((batch, index) => deliver(client, `late-${index}`, batch)),
        ]);
        await createSchema(client);
        const later = source.sessions(500, day + 20 * dayMs, dayMs, 1);
        await write(client, 'later', later);
        const all = [...rows, ...batches.flat(), ...later];
        await expectSums(history, all);
        const tables = await client.select<{ name: string }>('SHOW TABLES', { timeoutMs });
        expect(tables.map((table) => table.name).sort()).toEqual([
          ...['session_hours', 'session_hours_doubted', 'session_hours_filler', 'sessions'],
        ]);
        await client.run("ALTER TABLE sessions DROP PARTITION ID '20261210'", { timeoutMs });
        expect((await history.experience({ streamId: 'st1', fromMs: day, untilMs: day + 30 * dayMs })).sessions).toBe(
          all.length,
        );
      },
    );

    test('a taking over that is cut off, wherever, is completed by the next', async () => {
      const { client, history } = await open();
      for (const statement of formerSchemas['sessions and roll-ups that are not asked any more'])
        await client.run(statement, { timeoutMs });
      const source = randomSource(6);
      const rows = source
        .sessions(1000, day, dayMs, 1)
        .map((row) => ({ ...row, stalls: 0, stallMs: row.stallMs ?? 0 }));
      await write(client, 'before', rows);
      const run = client.run.bind(client);
      let statements = 0;
      for (let isDone = false; !isDone; statements++) {
        let left = statements;
        client.run = async (sql, options) => {
          if (left-- === 0) throw new Error('cut off');
          await run(sql, options);
        };
        isDone = await createSchema(client).then(
          () => true,
          () => false,
        );
      }
      expect(statements).toBeGreaterThan(5);
      const after = source.sessions(1000, day, dayMs, 1);
      await write(client, 'after', after);
      await expectSums(history, [...rows, ...after]);
    });

    test.each(['session_hours_filler', 'session_hours'])(
      'without %s the roll-up begins anew, and nothing of the time between is missing',
      async (table) => {
        const { client, history } = await open();
        await createSchema(client);
        const source = randomSource(4);
        const rows = source.sessions(500, day, dayMs, 1);
        await write(client, 'before', rows);
        await client.run(`DROP TABLE ${table}`, { timeoutMs });
        const between = source.sessions(500, day + 20 * hourMs, hourMs, 1);
        const failure = await write(client, 'between', between).catch((error: Error) => error);
        expect(failure instanceof ClickHouseError).toBe(table === 'session_hours'); // the view has nowhere to write to
        await createSchema(client);
        if (failure) await write(client, 'between', between, true);
        const after = source.sessions(500, day, dayMs, 1);
        await write(client, 'after', after);
        await expectSums(history, [...rows, ...between, ...after]);
      },
    );

    test('days that are over go from the roll-up too, and are counted once', async () => {
      const { client, history } = await open();
      await createSchema(client);
      const rows = randomSource(5).sessions(900, day, 3 * dayMs, 1);
      await write(client, 'days', rows);
      await write(client, 'days', rows, true);
      expect(await dropDaysBefore(client, day + 2.5 * dayMs)).toBe(2);
      expect(await dropDaysBefore(client, day + 2.5 * dayMs)).toBe(0);
      await expectSums(
        history,
        rows.filter(({ endedAtMs }) => endedAtMs! >= day + 2 * dayMs),
      );
      for (const table of ['session_hours', 'session_hours_doubted']) {
        const days = await client.select<{ day: string }>(`SELECT DISTINCT day FROM ${table}`, { timeoutMs });
        expect(days).toEqual([{ day: '2026-11-22' }]);
      }
    });
  });
}
