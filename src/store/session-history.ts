import { type Kysely, type RawBuilder, sql } from 'kysely';
import { isPostgres } from './dialect.ts';
import { parsePercentiles, percentilesOf } from './exact-percentiles.ts';
import { dayMs, type MinuteChange, minuteMs, viewersOfMinutes } from './minute-series.ts';
import type {
  HistoryDay,
  HistoryExperience,
  HistoryGroup,
  HistoryRange,
  SessionHistory,
  ViewersOfMinute,
} from './ports/session-history.ts';
import type { StartupSource } from './ports/session-store.ts';
import type { Tables } from './schema.ts';

const startupSources: readonly StartupSource[] = ['beacon', 'cmcd2', 'msd', 'est'];

/** Percentiles as text. */
type ExperienceRow = Record<'sessions' | 'watchMs' | 'stalls' | 'stallMs' | 'errors', number> &
  Record<StartupSource | 'latency' | 'bitrate', string | null>;

/** What is asked about sessions, answered by the database that keeps them. SQL that SQLite and Postgres both run. */
export class StoredHistory implements Omit<SessionHistory, 'listEnded'> {
  protected readonly db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.db = db;
  }

  async experience(range: HistoryRange): Promise<HistoryExperience> {
    const { db } = this;
    const startups = startupSources.map(
      (source) => sql`${percentilesOf(db, sql`startup_ms`, sql`startup_source = ${source} and startup_ms is not null`)}
        as ${sql.id(source)}`,
    );
    const { rows } = await sql<ExperienceRow>`
      select count(*) as "sessions", ${sum('watch_ms')} as "watchMs", ${sum('stalls')} as "stalls",
        ${sum('stall_ms')} as "stallMs", ${sum('errors')} as "errors", ${sql.join(startups)},
        ${percentilesOf(db, sql`latency_ms`, sql`latency_ms is not null`)} as "latency",
        ${percentilesOf(db, sql`bytes * 8000 / watch_ms`, sql`bytes > 0 and watch_ms > 0`)} as "bitrate"
      from viewer_sessions where ${countedIn(range)}`.execute(db);
    const { sessions, watchMs, stalls, stallMs, errors, latency, bitrate, ...startup } = rows[0]!;
    const known = startupSources.flatMap((source) => {
      const percentiles = parsePercentiles(startup[source]);
      return percentiles === null ? [] : [[source, percentiles] as const];
    });
    return {
      ...{ sessions, watchMs, stalls, stallMs, errors },
      rebufferRatio: watchMs + stallMs > 0 ? stallMs / (watchMs + stallMs) : null,
      startupMs: Object.fromEntries(known),
      latencyMs: parsePercentiles(latency),
      bitrateBps: parsePercentiles(bitrate),
    };
  }

  async viewersByMinute(range: HistoryRange): Promise<readonly ViewersOfMinute[]> {
    const known = sql`${ofRange(range)} and ended_at >= ${floor(range.fromMs, minuteMs)}`;
    const { rows } = await sql<MinuteChange>`
      select minute as "minute", ${sum('change')} as "change" from (
        select ${quotient('started_at', minuteMs)} as minute, 1 as change from viewer_sessions
          where ${known} and started_at < ${range.untilMs}
        union all
        select ${quotient('ended_at', minuteMs)} + 1 as minute, -1 as change from viewer_sessions
          where ${known} and started_at < ${range.untilMs}
      ) as edges group by minute`.execute(this.db);
    return viewersOfMinutes(rows, range);
  }

  async byQuality(range: HistoryRange): Promise<readonly HistoryGroup[]> {
    const last = isPostgres(this.db)
      ? sql`coalesce(qualities_json::json -> -1 ->> 'rendition', '')`
      : sql`coalesce(json_extract(qualities_json, '$[#-1].rendition'), '')`;
    return await groupsOf(this.db, last, range);
  }

  async byPlayer(range: HistoryRange): Promise<readonly HistoryGroup[]> {
    return await groupsOf(this.db, sql`player`, range);
  }

  async byCountry(range: HistoryRange): Promise<readonly HistoryGroup[]> {
    return await groupsOf(this.db, sql`country`, range);
  }

  async byDay({ fromMs, untilMs, ...which }: HistoryRange): Promise<readonly HistoryDay[]> {
    const days = { ...which, fromMs: floor(fromMs, dayMs), untilMs: floor(untilMs + dayMs - 1, dayMs) };
    const { rows } = await sql<Omit<HistoryDay, 'day'> & { readonly day: number }>`
      select day as "day", coalesce(streams.channel, '') as "channel", ${sum('sessions')} as "sessions",
        ${sum('watch_ms')} as "watchMs", ${sum('stall_ms')} as "stallMs", ${sum('errors')} as "errors",
        ${sum('bytes')} as "bytes"
      from (
        select ${quotient('ended_at', dayMs)} as day, stream_id, count(*) as sessions, ${sum('watch_ms')} as watch_ms,
          ${sum('stall_ms')} as stall_ms, ${sum('errors')} as errors, ${sum('bytes')} as bytes
        from viewer_sessions where ${endedIn(days)} group by 1, 2
      ) as sums left join streams on streams.id = sums.stream_id
      group by day, coalesce(streams.channel, '') order by 1, 2`.execute(this.db);
    return rows.map(({ day, ...sums }) => ({ day: new Date(day * dayMs).toISOString().slice(0, 10), ...sums }));
  }
}

async function groupsOf(db: Kysely<Tables>, name: RawBuilder<unknown>, range: HistoryRange): Promise<HistoryGroup[]> {
  const { rows } = await sql<HistoryGroup>`
    select ${name} as "name", count(*) as "sessions", ${sum('watch_ms')} as "watchMs", ${sum('stall_ms')} as "stallMs"
    from viewer_sessions where ${countedIn(range)} group by 1 order by 2 desc, 1`.execute(db);
  return rows;
}

function sum(column: string): RawBuilder<number> {
  return sql`cast(coalesce(sum(${sql.raw(column)}), 0) as bigint)`;
}

function quotient(column: string, divisor: number): RawBuilder<number> {
  return sql`${sql.raw(column)} / ${sql.raw(String(divisor))}`;
}

function floor(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

function ofRange({ streamId, channel }: HistoryRange): RawBuilder<boolean> {
  const ofStream = streamId === undefined ? sql`1 = 1` : sql`stream_id = ${streamId}`;
  if (channel === undefined) return sql`${ofStream}`;
  return sql`${ofStream} and stream_id in (select id from streams where channel = ${channel})`;
}

/** Ended then, or goes on and was last seen then. */
function countedIn(range: HistoryRange): RawBuilder<boolean> {
  const { fromMs, untilMs } = range;
  return sql`${ofRange(range)} and (ended_at >= ${fromMs} and ended_at < ${untilMs}
    or ended_at is null and seen_at >= ${fromMs} and seen_at < ${untilMs})`;
}

function endedIn(range: HistoryRange): RawBuilder<boolean> {
  return sql`${ofRange(range)} and ended_at >= ${range.fromMs} and ended_at < ${range.untilMs}`;
}
