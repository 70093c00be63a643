import { isStreamctlError, StreamctlError } from '../base/errors.ts';
import { describeFailure } from '../base/failure-text.ts';
import { decodeCursor, encodeCursor } from '../store/cursor.ts';
import type {
  ExactPercentiles,
  HistoryExperience,
  HistoryGroup,
  HistoryRange,
  SessionHistory,
} from '../store/ports/session-history.ts';
import type { SessionFilter, SessionPage, StartupSource } from '../store/ports/session-store.ts';
import { rebufferRatioOf } from '../store/rebuffer-ratio.ts';
import type { ClickHouseClient } from './clickhouse-client.ts';
import { dayOf } from './clickhouse-schema.ts';
import { type SessionColumns, sessionColumns, sessionOf } from './session-columns.ts';
import { sqlInteger, sqlString } from './sql-text.ts';

const timeoutMs = 10_000;

/** What is known of percentiles: two of them in an array, and of how many values. */
interface PercentilesRow {
  readonly name: string;
  readonly at: readonly (number | string)[];
  readonly values: string;
}

type SumsRow = Record<'sessions' | 'watch' | 'judged' | 'failed', string> &
  Record<'stallCount' | 'stall', string | null>;
type GroupRow = Record<'name' | 'sessions' | 'watch' | 'judged', string> & { readonly stall: string | null };

/** Watched by those whose stalls are known. */
const judgedMs = 'sumIf(watch_ms, isNotNull(stall_ms))';

/**
 * The history of sessions in ClickHouse. Percentiles are quantileExact over sessions themselves: a column of a million numbers is sorted in
 * some tens of milliseconds, and a t-digest of roll-ups would differ from what the store answers.
 */
export class ClickHouseHistory implements SessionHistory {
  private readonly client: ClickHouseClient;

  constructor(client: ClickHouseClient) {
    this.client = client;
  }

  async listEnded({ streamId, limit, cursor }: SessionFilter): Promise<SessionPage> {
    const from = cursor === undefined ? undefined : decodeCursor(cursor);
    const isBehind =
      from === undefined
        ? ''
        : `AND started_at <= ${sqlInteger(from.createdAtMs)} AND (started_at < ${sqlInteger(from.createdAtMs)} OR id < ${sqlString(from.id)})`;
    const rows = await this.select<SessionColumns>(
      `SELECT ${sessionColumns.join(', ')} FROM sessions WHERE stream_id = ${sqlString(streamId)} ${isBehind}
       ORDER BY started_at DESC, id DESC LIMIT ${sqlInteger(limit + 1)}`,
    );
    const items = rows.slice(0, limit).map(sessionOf);
    const last = items.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return { items, nextCursor: hasMore ? encodeCursor({ createdAtMs: last.startedAtMs, id: last.id }) : null };
  }

  async experience(range: HistoryRange): Promise<HistoryExperience> {
    const [sums, startups, latencies, bitrates] = await Promise.all([
      this.select<SumsRow>(
        `SELECT count() AS sessions, sum(watch_ms) AS watch, ${judgedMs} AS judged, sum(stalls) AS stallCount,
         sum(stall_ms) AS stall, sum(errors) AS failed FROM sessions WHERE ${endedIn(range)}`,
      ),
      this.percentiles(
        'startup_ms',
        'startup_source',
        `${endedIn(range)} AND startup_source != '' AND startup_ms IS NOT NULL`,
      ),
      this.percentiles('latency_ms', "''", `${endedIn(range)} AND latency_ms IS NOT NULL`),
      this.percentiles('intDiv(bytes * 8000, watch_ms)', "''", `${endedIn(range)} AND bytes > 0 AND watch_ms > 0`),
    ]);
    const { sessions, watch, judged, stallCount, stall, failed } = sums[0]!;
    const stallMs = numberOrNull(stall);
    return {
      ...{ sessions: Number(sessions), watchMs: Number(watch), stalls: numberOrNull(stallCount), stallMs },
      errors: Number(failed),
      rebufferRatio: rebufferRatioOf(Number(judged), stallMs),
      startupMs: Object.fromEntries(startups) as Partial<Record<StartupSource, ExactPercentiles>>,
      latencyMs: latencies.get('') ?? null,
      bitrateBps: bitrates.get('') ?? null,
    };
  }

  async byQuality(range: HistoryRange): Promise<readonly HistoryGroup[]> {
    return await this.groups('last_quality', range);
  }

  async byPlayer(range: HistoryRange): Promise<readonly HistoryGroup[]> {
    return await this.groups('player', range);
  }

  async byCountry(range: HistoryRange): Promise<readonly HistoryGroup[]> {
    return await this.groups('country', range);
  }

  private async groups(column: string, range: HistoryRange): Promise<HistoryGroup[]> {
    const rows = await this.select<GroupRow>(
      `SELECT ${column} AS name, count() AS sessions, sum(watch_ms) AS watch, ${judgedMs} AS judged,
       sum(stall_ms) AS stall FROM sessions WHERE ${endedIn(range)} GROUP BY name ORDER BY sessions DESC, name`,
    );
    return rows.map(({ name, sessions, watch, judged, stall }) => ({
      ...{ name, sessions: Number(sessions), watchMs: Number(watch) },
      rebufferRatio: rebufferRatioOf(Number(judged), numberOrNull(stall)),
    }));
  }

  private async percentiles(value: string, group: string, where: string): Promise<Map<string, ExactPercentiles>> {
    const rows = await this.select<PercentilesRow>(
      `SELECT ${group} AS name, quantilesExact(0.5, 0.95)(assumeNotNull(${value})) AS at, count() AS values
       FROM sessions WHERE ${where} GROUP BY name`,
    );
    const known = rows.filter(({ values }) => Number(values) > 0);
    return new Map(
      known.map(({ name, at, values }) => [name, { p50: Number(at[0]), p95: Number(at[1]), count: Number(values) }]),
    );
  }

  private async select<Row>(sql: string): Promise<Row[]> {
    try {
      return await this.client.select<Row>(sql, { timeoutMs });
    } catch (cause) {
      if (isStreamctlError(cause)) throw cause;
      throw new StreamctlError('ANALYTICS_UNREACHABLE', { reason: describeFailure(cause) }, { cause });
    }
  }
}

function numberOrNull(value: string | null): number | null {
  return value === null ? null : Number(value);
}

/** Days first: they say which partitions are read. */
function endedIn({ streamId, fromMs, untilMs }: HistoryRange): string {
  return `day >= ${sqlDay(fromMs)} AND day <= ${sqlDay(untilMs)} AND stream_id = ${sqlString(streamId)}
    AND ended_at >= ${sqlInteger(fromMs)} AND ended_at < ${sqlInteger(untilMs)}`;
}

function sqlDay(timeMs: number): string {
  return `toDate(${sqlString(dayOf(timeMs))})`;
}
