import type { Kysely } from 'kysely';
import type { DeadLetter, OutboxStore, SinkBacklog, SinkLease } from './ports/outbox-store.ts';
import type { Tables } from './schema.ts';

export class OutboxTable implements OutboxStore {
  private readonly db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.db = db;
  }

  async lease({ sinkId, holder, nowMs, untilMs }: Parameters<OutboxStore['lease']>[0]): Promise<SinkLease | undefined> {
    return await this.db.transaction().execute(async (tx) => {
      const newest = await tx
        .selectFrom('events')
        .select((select) => select.fn.max('id').as('id'))
        .executeTakeFirst();
      await tx
        .insertInto('event_sinks')
        .values({ id: sinkId, last_event_id: newest?.id ?? 0, holder: null, held_until: 0 })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
      const row = await tx
        .updateTable('event_sinks')
        .set({ holder, held_until: untilMs })
        .where('id', '=', sinkId)
        .where((where) =>
          where.or([where('holder', 'is', null), where('holder', '=', holder), where('held_until', '<=', nowMs)]),
        )
        .returning('last_event_id')
        .executeTakeFirst();
      return row && { lastEventId: row.last_event_id };
    });
  }

  async release(sinkId: string, holder: string): Promise<void> {
    await this.db
      .updateTable('event_sinks')
      .set({ holder: null, held_until: 0 })
      .where('id', '=', sinkId)
      .where('holder', '=', holder)
      .execute();
  }

  async advance(step: Parameters<OutboxStore['advance']>[0]): Promise<boolean> {
    const { sinkId, holder, fromEventId, lastEventId, buried = [] } = step;
    return await this.db.transaction().execute(async (tx) => {
      const row = await tx
        .updateTable('event_sinks')
        .set({ last_event_id: lastEventId })
        .where('id', '=', sinkId)
        .where('holder', '=', holder)
        .where('last_event_id', '=', fromEventId)
        .returning('id')
        .executeTakeFirst();
      if (row === undefined) return false;
      for (const letter of buried) {
        await tx
          .insertInto('dead_letters')
          .values({
            sink_id: letter.sinkId,
            event_id: letter.eventId,
            attempts: letter.attempts,
            error: letter.error,
            buried_at: letter.buriedAtMs,
          })
          .onConflict((conflict) => conflict.columns(['sink_id', 'event_id']).doNothing())
          .execute();
      }
      return true;
    });
  }

  async seek(sinkId: string, lastEventId: number): Promise<boolean> {
    const row = await this.db
      .updateTable('event_sinks')
      .set({ last_event_id: lastEventId })
      .where('id', '=', sinkId)
      .returning('id')
      .executeTakeFirst();
    return row !== undefined;
  }

  async deadLetters(filter: Parameters<OutboxStore['deadLetters']>[0]): Promise<readonly DeadLetter[]> {
    const { sinkId, after, limit } = filter;
    let query = this.db.selectFrom('dead_letters').selectAll().orderBy('event_id').orderBy('sink_id').limit(limit);
    if (sinkId !== undefined) query = query.where('sink_id', '=', sinkId);
    if (after !== undefined) {
      query = query.where((where) =>
        where.or([
          where('event_id', '>', after.eventId),
          where.and([where('event_id', '=', after.eventId), where('sink_id', '>', after.sinkId)]),
        ]),
      );
    }
    return (await query.execute()).map((row) => ({
      sinkId: row.sink_id,
      eventId: row.event_id,
      attempts: row.attempts,
      error: row.error,
      buriedAtMs: row.buried_at,
    }));
  }

  async removeDeadLetter(sinkId: string, eventId: number): Promise<void> {
    await this.db.deleteFrom('dead_letters').where('sink_id', '=', sinkId).where('event_id', '=', eventId).execute();
  }

  async backlog(): Promise<readonly SinkBacklog[]> {
    const rows = await this.db
      .selectFrom('event_sinks')
      .select((select) => [
        'id',
        'last_event_id',
        select
          .selectFrom('events')
          .select((count) => count.fn.countAll<number>().as('waiting'))
          .whereRef('events.id', '>', 'event_sinks.last_event_id')
          .as('waiting'),
        select
          .selectFrom('dead_letters')
          .select((count) => count.fn.countAll<number>().as('dead'))
          .whereRef('dead_letters.sink_id', '=', 'event_sinks.id')
          .as('dead'),
      ])
      .orderBy('id')
      .execute();
    return rows.map((row) => ({
      sinkId: row.id,
      lastEventId: row.last_event_id,
      waiting: Number(row.waiting),
      dead: Number(row.dead),
    }));
  }
}
