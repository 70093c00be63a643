import { type Kysely, PostgresAdapter } from 'kysely';

/** Whether SQL goes to Postgres, for the few places where it differs from SQLite's. */
// biome-ignore lint/suspicious/noExplicitAny: whatever its tables are
export function isPostgres(db: Kysely<any>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}
