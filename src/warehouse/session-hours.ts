import type { SessionRow } from '../store/ports/session-store.ts';
import type { ClickHouseClient } from './clickhouse-client.ts';
import { dayOf } from './clickhouse-schema.ts';
import { type HourSpans, hourMs, type TimeSpan } from './hour-spans.ts';
import { sqlInteger, sqlString } from './sql-text.ts';

const timeoutMs = 10_000;
/** ClickHouse 18.16 knows no day after 2105, no version one before. */
const lastDayMs = Date.UTC(2100, 0, 1);

/**
 * Sums of sessions that have something in common; `judged` are those whose stalls are known, `judgedWatch` is what they watched. Numbers of 64
 * bits come from ClickHouse as text.
 */
export type SessionSums = Record<
  'name' | 'sessions' | 'watch' | 'failed' | 'judged' | 'judgedWatch' | 'stallCount' | 'stall',
  string
>;

/** What sessions are told apart by, a column; empty: by nothing. */
export type SessionDimension = 'last_quality' | 'player' | 'country' | '';

/**
 * A SELECT of SessionSums, those first that have most sessions: of whole hours the roll-up's, of broken ones the sessions' own. Undefined where
 * there is no time to ask about.
 */
export function sumsQuery(
  streamId: string,
  dimension: SessionDimension,
  { whole, broken }: HourSpans,
): string | undefined {
  const ofStream = `stream_id = ${sqlString(streamId)}`;
  const legs: string[] = [];
  if (whole.length > 0) {
    legs.push(`SELECT name, countMerge(sessions) AS c, sumMerge(watch) AS w, sumMerge(failed) AS f,
      sumMerge(judged) AS j, sumMerge(judged_watch) AS jw, sumMerge(stall_count) AS sc, sumMerge(stall) AS s
      FROM session_hours WHERE ${ofStream} AND dimension = '${dimension}' AND (${whole.map(inHours).join(' OR ')})
      GROUP BY name`);
  }
  if (broken.length > 0) {
    legs.push(`SELECT ${dimension || "''"} AS name, count() AS c, sum(watch_ms) AS w, sum(errors) AS f,
      sum(toInt64(isNotNull(stall_ms))) AS j, sum(if(isNull(stall_ms), 0, watch_ms)) AS jw,
      sum(ifNull(stalls, 0)) AS sc, sum(ifNull(stall_ms, 0)) AS s
      FROM sessions WHERE ${ofStream} AND (${broken.map(endedIn).join(' OR ')}) GROUP BY name`);
  }
  if (legs.length === 0) return undefined;
  return `SELECT name, sum(c) AS sessions, sum(w) AS watch, sum(f) AS failed, sum(j) AS judged, sum(jw) AS judgedWatch,
    sum(sc) AS stallCount, sum(s) AS stall
    FROM (${legs.join(' UNION ALL ')}) GROUP BY name ORDER BY sessions DESC, name`;
}

/** Days first: they say which partitions are read. */
export function endedIn(span: TimeSpan): string {
  return `${onDays(span)} AND ended_at >= ${sqlInteger(span.fromMs)} AND ended_at < ${sqlInteger(span.untilMs)}`;
}

/** Of whole hours. */
function inHours(span: TimeSpan): string {
  const [from, until] = [span.fromMs / hourMs, span.untilMs / hourMs];
  return `${onDays(span)} AND hour >= ${sqlInteger(from)} AND hour < ${sqlInteger(until)}`;
}

function onDays({ fromMs, untilMs }: TimeSpan): string {
  return `day >= ${sqlDay(fromMs)} AND day <= ${sqlDay(untilMs)}`;
}

function sqlDay(timeMs: number): string {
  return `toDate(${sqlString(dayOf(Math.min(Math.max(timeMs, 0), lastDayMs)))})`;
}

/** A SELECT of hours in doubt, since the epoch, in their order. */
export const doubtedHoursQuery = 'SELECT DISTINCT hour FROM session_hours_doubted ORDER BY hour';

/**
 * Says that the roll-up may lack, or have twice, some of these sessions in the hours they ended in: ClickHouse writes a table and what its
 * views make of it one after the other, and may die in between. From then on such an hour is summed from its sessions.
 */
export async function doubtHoursOf(client: ClickHouseClient, rows: readonly SessionRow[]): Promise<void> {
  const hours = new Set(rows.map((row) => Math.floor((row.endedAtMs ?? row.seenAtMs) / hourMs)));
  const lines = [...hours].map((hour) => `${JSON.stringify({ day: dayOf(hour * hourMs), hour })}\n`);
  await client.insert('session_hours_doubted', lines.join(''), { timeoutMs });
}
