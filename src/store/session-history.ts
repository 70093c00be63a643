import { type Kysely, type RawBuilder, sql } from 'kysely';
import { isPostgres } from './dialect.ts';
import { parsePercentiles, percentilesOf } from './exact-percentiles.ts';
import type { HistoryExperience, HistoryGroup, HistoryRange, SessionHistory } from './ports/session-history.ts';
import type { StartupSource } from './ports/session-store.ts';
import { rebufferRatioOf } from './rebuffer-ratio.ts';
import type { Tables } from './schema.ts';

const startupSources: readonly StartupSource[] = ['beacon', 'cmcd2', 'msd', 'est'];

/** Percentiles as text. */
type ExperienceRow = Record<'sessions' | 'watchMs' | 'judgedMs' | 'errors', number> &
  Record<'stalls' | 'stallMs', number | null> &
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
      select count(*) as "sessions", ${sum('watch_ms')} as "watchMs", ${judgedMs} as "judgedMs",
        ${sumOfKnown('stalls')} as "stalls", ${sumOfKnown('stall_ms')} as "stallMs", ${sum('errors')} as "errors",
        ${sql.join(startups)},
        ${percentilesOf(db, sql`latency_ms`, sql`latency_ms is not null`)} as "latency",
        ${percentilesOf(db, sql`bytes * 8000 / watch_ms`, sql`bytes > 0 and watch_ms > 0`)} as "bitrate"
      from viewer_sessions where ${countedIn(range)}`.execute(db);
    const { sessions, watchMs, judgedMs: judged, stalls, stallMs, errors, latency, bitrate, ...startup } = rows[0]!;
    const known = startupSources.flatMap((source) => {
      const percentiles = parsePercentiles(startup[source]);
      return percentiles === null ? [] : [[source, percentiles] as const];
    });
    return {
      ...{ sessions, watchMs, stalls, stallMs, errors },
      rebufferRatio: rebufferRatioOf(judged, stallMs),
      startupMs: Object.fromEntries(known),
      latencyMs: parsePercentiles(latency),
      bitrateBps: parsePercentiles(bitrate),
    };
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
}

async function groupsOf(db: Kysely<Tables>, name: RawBuilder<unknown>, range: HistoryRange): Promise<HistoryGroup[]> {
  const { rows } = await sql<GroupRow>`
    select ${name} as "name", count(*) as "sessions", ${sum('watch_ms')} as "watchMs", ${judgedMs} as "judgedMs",
      ${sumOfKnown('stall_ms')} as "stallMs"
    from viewer_sessions where ${countedIn(range)} group by 1 order by 2 desc, 1`.execute(db);
  return rows.map(({ judgedMs: judged, stallMs, ...group }) => ({
    ...group,
    rebufferRatio: rebufferRatioOf(judged, stallMs),
  }));
}

type GroupRow = Omit<HistoryGroup, 'rebufferRatio'> & { readonly judgedMs: number; readonly stallMs: number | null };

function sum(column: string): RawBuilder<number> {
  return sql`cast(coalesce(sum(${sql.raw(column)}), 0) as bigint)`;
}

/** Null: it is known of none. */
function sumOfKnown(column: string): RawBuilder<number | null> {
  return sql`cast(sum(${sql.raw(column)}) as bigint)`;
}

/** Watched by those whose stalls are known. */
const judgedMs = sql`cast(coalesce(sum(watch_ms) filter (where stall_ms is not null), 0) as bigint)`;

/** Ended then, or goes on and was last seen then. */
function countedIn({ streamId, fromMs, untilMs }: HistoryRange): RawBuilder<boolean> {
  return sql`stream_id = ${streamId} and (ended_at >= ${fromMs} and ended_at < ${untilMs}
    or ended_at is null and seen_at >= ${fromMs} and seen_at < ${untilMs})`;
}
