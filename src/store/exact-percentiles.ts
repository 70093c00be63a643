import { type Kysely, type RawBuilder, sql } from 'kysely';
import { isPostgres } from './dialect.ts';
import type { ExactPercentiles } from './ports/session-history.ts';

/** Name of the function that SQLite gets of us: an aggregate that gives `percentilesText`. */
export const percentilesFunction = 'exact_percentiles';

/** Percentiles of what an expression gives in those rows in which it is known, as JSON text; null: in none. In one pass over the rows, beside whatever else is asked of them. */
export function percentilesOf(
  // biome-ignore lint/suspicious/noExplicitAny: whatever its tables are
  db: Kysely<any>,
  value: RawBuilder<unknown>,
  isKnown: RawBuilder<unknown>,
): RawBuilder<string | null> {
  const known = sql`filter (where ${isKnown})`;
  if (!isPostgres(db)) return sql`${sql.raw(percentilesFunction)}(${value}) ${known}`;
  const count = sql`count(*) ${known}`;
  const at = (percent: string) =>
    sql`(array_agg(${value} order by ${value}) ${known})[(${count} * ${sql.raw(percent)} / 100 + 1)::int]`;
  return sql`case when ${count} > 0
    then json_build_object('p50', ${at('50')}, 'p95', ${at('95')}, 'count', ${count})::text end`;
}

/** The same of values that are at hand. */
export function percentilesText(values: readonly number[]): string | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const at = (percent: number) => sorted[Math.floor((sorted.length * percent) / 100)]!;
  return JSON.stringify({ p50: at(50), p95: at(95), count: sorted.length } satisfies ExactPercentiles);
}

export function parsePercentiles(text: string | null): ExactPercentiles | null {
  return text === null ? null : (JSON.parse(text) as ExactPercentiles);
}
