import type { Kysely, Selectable } from 'kysely';
import type { MinuteFilter, MinuteRow, MinuteStore } from './ports/minute-store.ts';
import type { Tables } from './schema.ts';

type Columns = Tables['stream_minutes'];

/** Rows in one statement: databases bound the number of its parameters. */
const rowsAtOnce = 60;

export class MinuteTable implements MinuteStore {
  private readonly db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.db = db;
  }

  async save(rows: readonly MinuteRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.db.transaction().execute(async (tx) => {
      for (let at = 0; at < rows.length; at += rowsAtOnce) {
        await tx
          .insertInto('stream_minutes')
          .values(rows.slice(at, at + rowsAtOnce).map(columnsOf))
          .onConflict((conflict) =>
            conflict.columns(['stream_id', 'minute_at']).doUpdateSet(({ ref }) => ({
              viewers: ref('excluded.viewers'),
              viewers_peak: ref('excluded.viewers_peak'),
              bitrate_in_bps: ref('excluded.bitrate_in_bps'),
              bitrate_out_bps: ref('excluded.bitrate_out_bps'),
              fps: ref('excluded.fps'),
              frames: ref('excluded.frames'),
              dropped_frames: ref('excluded.dropped_frames'),
              latency_p50_ms: ref('excluded.latency_p50_ms'),
              latency_p95_ms: ref('excluded.latency_p95_ms'),
              rebuffer_ratio: ref('excluded.rebuffer_ratio'),
            })),
          )
          .execute();
      }
    });
  }

  async list({ streamId, fromMs, toMs, limit }: MinuteFilter): Promise<readonly MinuteRow[]> {
    const rows = await this.db
      .selectFrom('stream_minutes')
      .selectAll()
      .where('stream_id', '=', streamId)
      .where('minute_at', '>=', fromMs)
      .where('minute_at', '<', toMs)
      .orderBy('minute_at', 'desc')
      .limit(limit)
      .execute();
    return rows.reverse().map(toMinute);
  }

  async removeBefore(atMs: number, limit: number): Promise<number> {
    const old = this.db
      .selectFrom('stream_minutes')
      .select(['stream_id', 'minute_at'])
      .where('minute_at', '<', atMs)
      .limit(limit);
    const { numDeletedRows } = await this.db
      .deleteFrom('stream_minutes')
      .where(({ eb, refTuple }) => eb(refTuple('stream_id', 'minute_at'), 'in', old.$asTuple('stream_id', 'minute_at')))
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
}

function columnsOf(row: MinuteRow): Columns {
  return {
    stream_id: row.streamId,
    minute_at: row.atMs,
    viewers: row.viewers,
    viewers_peak: row.viewersPeak,
    bitrate_in_bps: row.bitrateInBps,
    bitrate_out_bps: row.bitrateOutBps,
    fps: row.fps,
    frames: row.frames,
    dropped_frames: row.droppedFrames,
    latency_p50_ms: row.latencyP50Ms,
    latency_p95_ms: row.latencyP95Ms,
    rebuffer_ratio: row.rebufferRatio,
  };
}

function toMinute(row: Selectable<Columns>): MinuteRow {
  return {
    streamId: row.stream_id,
    atMs: row.minute_at,
    viewers: row.viewers,
    viewersPeak: row.viewers_peak,
    bitrateInBps: row.bitrate_in_bps,
    bitrateOutBps: row.bitrate_out_bps,
    fps: row.fps,
    frames: row.frames,
    droppedFrames: row.dropped_frames,
    latencyP50Ms: row.latency_p50_ms,
    latencyP95Ms: row.latency_p95_ms,
    rebufferRatio: row.rebuffer_ratio,
  };
}
