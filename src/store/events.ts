import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { isPostgres } from './dialect.ts';
import type { EventFilter, EventRemoval, EventRow, EventStore, NewEvent } from './ports/event-store.ts';
import type { Tables } from './schema.ts';

export class EventTable implements EventStore {
  private readonly db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.db = db;
  }

  async append(event: NewEvent): Promise<EventRow> {
    return await this.db.transaction().execute((tx) => insertEvent(tx, event));
  }

  async list({ streamId, afterId, types, limit }: EventFilter): Promise<readonly EventRow[]> {
    let query = this.db.selectFrom('events').selectAll().orderBy('id').limit(limit);
    if (streamId !== undefined) query = query.where('stream_id', '=', streamId);
    if (types !== undefined) query = query.where('type', 'in', types);
    if (afterId !== undefined) query = query.where('id', '>', afterId);
    return (await query.execute()).map(toEvent);
  }

  async newestId(): Promise<number> {
    const row = await this.db.selectFrom('events').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
    return row?.id ?? 0;
  }

  async removeBefore({ timeMs, upToId, limit }: EventRemoval): Promise<number> {
    // By id, which has the order of time and an index, so what there is to look at is bounded.
    let oldest = this.db
      .selectFrom('events')
      .select(['id', 'time'])
      .where('id', '<', (newest) => newest.selectFrom('events').select(({ fn }) => fn.max('id').as('id')))
      .where('id', 'not in', (dead) => dead.selectFrom('dead_letters').select('event_id'))
      .orderBy('id')
      .limit(limit);
    if (upToId !== undefined) oldest = oldest.where('id', '<=', upToId);
    const over = this.db.selectFrom(oldest.as('oldest')).select('id').where('time', '<', timeMs);
    const { numDeletedRows } = await this.db.deleteFrom('events').where('id', 'in', over).executeTakeFirst();
    return Number(numDeletedRows);
  }
}

/** Any number that nobody else in the database locks. */
const eventOrderLock = 7_310_293_701;

/** Comes last in its transaction: on Postgres everybody else who writes an event waits from here until it is over. */
export async function insertEvent(tx: Transaction<Tables>, event: NewEvent): Promise<EventRow> {
  // Readers go on behind the newest id they saw, so no event may become visible after one with a higher id.
  if (isPostgres(tx)) await sql`select pg_advisory_xact_lock(${eventOrderLock})`.execute(tx);
  const row = await tx
    .insertInto('events')
    .values({
      time: event.timeMs,
      type: event.type,
      stream_id: event.streamId,
      trace_id: event.traceId,
      payload_json: JSON.stringify(event.payload),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toEvent(row);
}

function toEvent(row: Selectable<Tables['events']>): EventRow {
  return {
    id: row.id,
    timeMs: row.time,
    type: row.type,
    streamId: row.stream_id,
    traceId: row.trace_id,
    payload: JSON.parse(row.payload_json) as EventRow['payload'],
  };
}
