import type { Kysely, Selectable } from 'kysely';
import { StreamctlError } from '../base/errors.ts';
import { isTransitionLegal, liveStates } from '../contract/stream-state.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { isPostgres } from './dialect.ts';
import { insertEvent } from './events.ts';
import type { NewEvent } from './ports/event-store.ts';
import type { JsonValue } from './ports/json-value.ts';
import type { StreamFilter, StreamPatch, StreamRow, StreamStore } from './ports/stream-store.ts';
import { definedOnly } from './row.ts';
import type { Tables } from './schema.ts';

export class StreamTable implements StreamStore {
  private readonly db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.db = db;
  }

  async create(stream: StreamRow, event: NewEvent): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('streams')
        .values({
          id: stream.id,
          channel: stream.channel,
          key_id: stream.keyId,
          state: stream.state,
          reason: stream.reason,
          created_at: stream.createdAtMs,
          started_at: stream.startedAtMs,
          ended_at: stream.endedAtMs,
          interrupted_since: stream.interruptedSinceMs,
          tracks_json: JSON.stringify(stream.tracks),
          ladder_json: JSON.stringify(stream.ladder),
          node: stream.node,
          continuity_json: JSON.stringify(stream.continuity),
          trace_id: stream.traceId,
        })
        .execute();
      await insertEvent(tx, event);
    });
  }

  async transition(id: string, patch: StreamPatch, event: NewEvent): Promise<StreamRow> {
    return await this.db.transaction().execute(async (tx) => {
      const before = await tx
        .selectFrom('streams')
        .select('state')
        .where('id', '=', id)
        // Of two nodes that end a stream one comes first. Not FOR UPDATE: that would wait for who writes an event of the stream.
        .$if(isPostgres(tx), (query) => query.forNoKeyUpdate())
        .executeTakeFirst();
      if (before === undefined) throw new StreamctlError('STREAM_UNKNOWN', { stream: id });
      if (patch.state !== undefined && !isTransitionLegal(before.state, patch.state, patch.reason ?? null)) {
        const details = { streamId: id, from: before.state, to: patch.state, reason: patch.reason ?? '' };
        throw new StreamctlError('STREAM_TRANSITION_ILLEGAL', details);
      }
      const row = await tx
        .updateTable('streams')
        .set({ ...columnsOf(patch), id })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow();
      await insertEvent(tx, event);
      return toStream(row);
    });
  }

  async saveContinuity(
    entries: readonly { readonly streamId: string; readonly continuity: JsonValue }[],
  ): Promise<void> {
    if (entries.length === 0) return;
    await this.db.transaction().execute(async (tx) => {
      for (const { streamId, continuity } of entries) {
        await tx
          .updateTable('streams')
          .set({ continuity_json: JSON.stringify(continuity) })
          .where('id', '=', streamId)
          .execute();
      }
    });
  }

  async find(idOrChannel: string): Promise<StreamRow | undefined> {
    const row = await this.db
      .selectFrom('streams')
      .selectAll()
      .where((where) => where.or([where('id', '=', idOrChannel), where('channel', '=', idOrChannel)]))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? undefined : toStream(row);
  }

  async list({ state, channel, limit, cursor }: StreamFilter) {
    let query = this.db.selectFrom('streams').selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc');
    if (state !== undefined) query = query.where('state', '=', state);
    if (channel !== undefined) query = query.where('channel', '=', channel);
    const from = cursor === undefined ? undefined : decodeCursor(cursor);
    if (from !== undefined) {
      query = query.where((where) =>
        where.or([
          where('created_at', '<', from.createdAtMs),
          where.and([where('created_at', '=', from.createdAtMs), where('id', '<', from.id)]),
        ]),
      );
    }
    const rows = await query.limit(limit + 1).execute();
    const items = rows.slice(0, limit).map(toStream);
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last) : null };
  }

  async active(): Promise<readonly StreamRow[]> {
    const rows = await this.db
      .selectFrom('streams')
      .selectAll()
      .where('state', 'in', liveStates)
      .orderBy('created_at')
      .orderBy('id')
      .execute();
    return rows.map(toStream);
  }
}

function columnsOf(patch: StreamPatch) {
  const json = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value));
  return definedOnly({
    key_id: patch.keyId,
    state: patch.state,
    reason: patch.reason,
    started_at: patch.startedAtMs,
    ended_at: patch.endedAtMs,
    interrupted_since: patch.interruptedSinceMs,
    tracks_json: json(patch.tracks),
    ladder_json: json(patch.ladder),
    node: patch.node,
    continuity_json: json(patch.continuity),
    trace_id: patch.traceId,
  });
}

function toStream(row: Selectable<Tables['streams']>): StreamRow {
  return {
    id: row.id,
    channel: row.channel,
    keyId: row.key_id,
    state: row.state,
    reason: row.reason,
    createdAtMs: row.created_at,
    startedAtMs: row.started_at,
    endedAtMs: row.ended_at,
    interruptedSinceMs: row.interrupted_since,
    tracks: JSON.parse(row.tracks_json) as StreamRow['tracks'],
    ladder: JSON.parse(row.ladder_json) as StreamRow['ladder'],
    node: row.node,
    traceId: row.trace_id,
    continuity: JSON.parse(row.continuity_json) as JsonValue,
  };
}
