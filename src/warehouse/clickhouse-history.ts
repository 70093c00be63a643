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
import { splitAtHours } from './hour-spans.ts';
import { type SessionColumns, sessionColumns, sessionOf } from './session-columns.ts';
import { doubtedHoursQuery, endedIn, type SessionDimension, type SessionSums, sumsQuery } from './session-hours.ts';
import { sqlInteger, sqlString } from './sql-text.ts';

const timeoutMs = 10_000;

/** What is known of percentiles: two of them in an array, and of how many values. */
interface PercentilesRow {
  readonly name: string;
  readonly at: readonly (number | string)[];
  readonly values: string;
}

const noSums: SessionSums = {
  ...{ name: '', sessions: '0', watch: '0', failed: '0', judged: '0', judgedWatch: '0', stallCount: '0', stall: '0' },
};

/**
 * The history of sessions in ClickHouse. Sums of whole hours are those of the roll-up. Percentiles are quantileExact over sessions themselves:
 * a column of a million numbers is sorted in some tens of milliseconds, and a t-digest of roll-ups would differ from what the store answers.
 */
export class ClickHouseHistory implements SessionHistory {
  private readonly client: ClickHouseClient;
  /** Asked once by all who ask at the same time. */
  private doubted: Promise<readonly number[]> | undefined;

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
      this.sums('', range),
      this.percentiles(
        'startup_ms',
        'startup_source',
        `${endedOf(range)} AND startup_source != '' AND startup_ms IS NOT NULL`,
      ),
      this.percentiles('latency_ms', "''", `${endedOf(range)} AND latency_ms IS NOT NULL`),
      this.percentiles('intDiv(bytes * 8000, watch_ms)', "''", `${endedOf(range)} AND bytes > 0 AND watch_ms > 0`),
    ]);
    const all = sums[0] ?? noSums;
    return {
      ...{ sessions: Number(all.sessions), watchMs: Number(all.watch), errors: Number(all.failed) },
      ...{ stalls: ofJudged(all, 'stallCount'), stallMs: ofJudged(all, 'stall') },
      rebufferRatio: rebufferRatioOf(Number(all.judgedWatch), ofJudged(all, 'stall')),
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

  private async groups(dimension: SessionDimension, range: HistoryRange): Promise<HistoryGroup[]> {
    const rows = await this.sums(dimension, range);
    return rows.map((row) => ({
      ...{ name: row.name, sessions: Number(row.sessions), watchMs: Number(row.watch) },
      rebufferRatio: rebufferRatioOf(Number(row.judgedWatch), ofJudged(row, 'stall')),
    }));
  }

  private async sums(dimension: SessionDimension, range: HistoryRange): Promise<SessionSums[]> {
    this.doubted ??= this.doubtedHours().finally(() => {
      this.doubted = undefined;
    });
    const query = sumsQuery(range.streamId, dimension, splitAtHours(range, await this.doubted));
    return query === undefined ? [] : await this.select<SessionSums>(query);
  }

  private async doubtedHours(): Promise<readonly number[]> {
    const rows = await this.select<{ readonly hour: string }>(doubtedHoursQuery);
    return rows.map(({ hour }) => Number(hour));
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

function endedOf(range: HistoryRange): string {
  return `stream_id = ${sqlString(range.streamId)} AND ${endedIn(range)}`;
}

/** Null: known of nobody. */
function ofJudged(sums: SessionSums, name: 'stallCount' | 'stall'): number | null {
  return Number(sums.judged) > 0 ? Number(sums[name]) : null;
}
