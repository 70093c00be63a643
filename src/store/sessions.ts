import type { Selectable } from 'kysely';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { SessionFilter, SessionPage, SessionRow, SessionStore } from './ports/session-store.ts';
import type { Tables } from './schema.ts';
import { StoredHistory } from './session-history.ts';

type Columns = Tables['viewer_sessions'];

/** Rows in one statement: databases bound the number of its parameters. */
const rowsAtOnce = 40;

export class SessionTable extends StoredHistory implements SessionStore {
  async save(rows: readonly SessionRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.db.transaction().execute(async (tx) => {
      for (let at = 0; at < rows.length; at += rowsAtOnce) {
        await tx
          .insertInto('viewer_sessions')
          .values(rows.slice(at, at + rowsAtOnce).map(columnsOf))
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet(({ ref }) => ({
              stream_id: ref('excluded.stream_id'),
              started_at: ref('excluded.started_at'),
              seen_at: ref('excluded.seen_at'),
              ended_at: ref('excluded.ended_at'),
              startup_ms: ref('excluded.startup_ms'),
              startup_source: ref('excluded.startup_source'),
              watch_ms: ref('excluded.watch_ms'),
              stalls: ref('excluded.stalls'),
              stall_ms: ref('excluded.stall_ms'),
              qualities_json: ref('excluded.qualities_json'),
              latency_ms: ref('excluded.latency_ms'),
              errors: ref('excluded.errors'),
              player: ref('excluded.player'),
              format: ref('excluded.format'),
              bytes: ref('excluded.bytes'),
              total_frames: ref('excluded.total_frames'),
              dropped_frames: ref('excluded.dropped_frames'),
            })),
          )
          .execute();
      }
    });
  }

  async open(node: string): Promise<readonly SessionRow[]> {
    const open = this.db.selectFrom('viewer_sessions').selectAll().where('ended_at', 'is', null);
    return (await open.where('node', '=', node).orderBy('started_at').execute()).map(toSession);
  }

  async listEnded({ streamId, limit, cursor }: SessionFilter): Promise<SessionPage> {
    let query = this.db
      .selectFrom('viewer_sessions')
      .selectAll()
      .where('stream_id', '=', streamId)
      .where('ended_at', 'is not', null)
      .orderBy('started_at', 'desc')
      .orderBy('id', 'desc');
    const from = cursor === undefined ? undefined : decodeCursor(cursor);
    if (from !== undefined) {
      query = query.where((where) =>
        where.or([
          where('started_at', '<', from.createdAtMs),
          where.and([where('started_at', '=', from.createdAtMs), where('id', '<', from.id)]),
        ]),
      );
    }
    const rows = await query.limit(limit + 1).execute();
    const items = rows.slice(0, limit).map(toSession);
    const last = items.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return { items, nextCursor: hasMore ? encodeCursor({ createdAtMs: last.startedAtMs, id: last.id }) : null };
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.db.deleteFrom('viewer_sessions').where('id', 'in', ids).execute();
  }

  async removeEndedBefore(endedAtMs: number, limit: number): Promise<number> {
    const old = this.db
      .selectFrom('viewer_sessions')
      .select('id')
      .where((where) =>
        where.or([
          where('ended_at', '<', endedAtMs),
          where.and([where('ended_at', 'is', null), where('seen_at', '<', endedAtMs)]),
        ]),
      )
      .limit(limit);
    const { numDeletedRows } = await this.db.deleteFrom('viewer_sessions').where('id', 'in', old).executeTakeFirst();
    return Number(numDeletedRows);
  }
}

function columnsOf(row: SessionRow): Columns {
  return {
    id: row.id,
    stream_id: row.streamId,
    session_key: row.key,
    node: row.node,
    started_at: row.startedAtMs,
    seen_at: row.seenAtMs,
    ended_at: row.endedAtMs,
    startup_ms: row.startupMs,
    startup_source: row.startupSource,
    watch_ms: row.watchMs,
    stalls: row.stalls,
    stall_ms: row.stallMs,
    qualities_json: JSON.stringify(row.qualities),
    latency_ms: row.latencyMs,
    errors: row.errors,
    player: row.player,
    network: row.network,
    country: row.country,
    format: row.format,
    bytes: row.bytes,
    total_frames: row.totalFrames,
    dropped_frames: row.droppedFrames,
  };
}

function toSession(row: Selectable<Columns>): SessionRow {
  return {
    id: row.id,
    streamId: row.stream_id,
    key: row.session_key,
    node: row.node,
    startedAtMs: row.started_at,
    seenAtMs: row.seen_at,
    endedAtMs: row.ended_at,
    startupMs: row.startup_ms,
    startupSource: row.startup_source,
    watchMs: row.watch_ms,
    stalls: row.stalls,
    stallMs: row.stall_ms,
    qualities: JSON.parse(row.qualities_json) as SessionRow['qualities'],
    latencyMs: row.latency_ms,
    errors: row.errors,
    player: row.player,
    network: row.network,
    country: row.country,
    format: row.format,
    bytes: row.bytes,
    totalFrames: row.total_frames,
    droppedFrames: row.dropped_frames,
  };
}
