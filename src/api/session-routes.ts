import { createRoute } from '@hono/zod-openapi';
import type { LiveAudience } from '../analytics/ports.ts';
import { StreamctlError } from '../base/errors.ts';
import { pageQuery } from '../contract/page.ts';
import { type SessionView, sessionPage } from '../contract/sessions.ts';
import type { SessionRow, SessionStore } from '../store/ports/session-store.ts';
import type { Store } from '../store/ports/store.ts';
import type { StreamRow } from '../store/ports/stream-store.ts';
import type { Api } from './api-env.ts';
import { findStream } from './find-stream.ts';
import type { LiveControl } from './live-control.ts';
import { answer, needs, refuses } from './operation.ts';
import { streamParams } from './stream-params.ts';
import { isoOrNull, isoTime } from './views.ts';

/** Who keeps the sessions of a stream that have ended, where it is not the store. */
export type SessionsOf = (stream: StreamRow) => Pick<SessionStore, 'listEnded'>;

export interface SessionRoutesOptions {
  readonly store: Store;
  readonly live: LiveControl;
  /** Absent where no server runs. */
  readonly audience?: Pick<LiveAudience, 'sessions'> | undefined;
  readonly sessionsOf?: SessionsOf | undefined;
}

const listSessions = createRoute({
  method: 'get',
  path: '/streams/{stream_id}/sessions',
  operationId: 'listSessions',
  tags: ['Streams'],
  summary: 'List viewers of a broadcast',
  description:
    'Those who watch now first, the longest first; then those who have left, the latest first. Kept for `analytics.retention`. Addresses are ' +
    'never kept whole.',
  ...needs('streams:read'),
  request: { params: streamParams, query: pageQuery },
  responses: { 200: answer('A page of sessions.', sessionPage) },
  ...refuses('STREAM_UNKNOWN', 'STORE_CURSOR_INVALID', 'ANALYTICS_UNREACHABLE', 'ANALYTICS_TLS_FAILED'),
});

export function addSessionRoutes(api: Api, options: SessionRoutesOptions): void {
  api.openapi(listSessions, async (c) => {
    const stream = await findStream(c.req.valid('param').stream_id, options);
    const { id } = stream;
    const { limit, cursor = 'live' } = c.req.valid('query');
    const place = placeOf(cursor);
    const live = place.isLive ? liveBehind(options.audience?.sessions(id) ?? [], place.after) : [];
    const items = live.slice(0, limit);
    if (live.length >= limit) {
      const isLast = live.length === limit;
      const last = items.at(-1)!;
      const next = isLast ? 'ended' : `live.${last.startedAtMs}.${last.id}`;
      return c.json({ items: items.map(sessionViewOf), next_cursor: next }, 200);
    }
    const page = { streamId: id, limit: limit - items.length, cursor: place.endedCursor };
    const ended = await (options.sessionsOf?.(stream) ?? options.store.sessions).listEnded(page);
    const next = ended.nextCursor === null ? null : `ended.${ended.nextCursor}`;
    return c.json({ items: [...items, ...ended.items].map(sessionViewOf), next_cursor: next }, 200);
  });
}

interface Place {
  readonly isLive: boolean;
  /** The last one shown of those who watch. */
  readonly after?: { readonly startedAtMs: number; readonly id: string };
  readonly endedCursor?: string | undefined;
}

/** Throws STORE_CURSOR_INVALID. */
function placeOf(cursor: string): Place {
  if (cursor === 'live') return { isLive: true };
  if (cursor === 'ended') return { isLive: false };
  const [, startedAt, id] = /^live\.(\d{1,16})\.(.{1,64})$/.exec(cursor) ?? [];
  if (startedAt !== undefined && id !== undefined)
    return { isLive: true, after: { startedAtMs: Number(startedAt), id } };
  if (cursor.startsWith('ended.')) return { isLive: false, endedCursor: cursor.slice('ended.'.length) };
  throw new StreamctlError('STORE_CURSOR_INVALID', {});
}

function liveBehind(sessions: readonly SessionRow[], after: Place['after']): readonly SessionRow[] {
  if (after === undefined) return sessions;
  const { startedAtMs, id } = after;
  return sessions.filter((row) => row.startedAtMs > startedAtMs || (row.startedAtMs === startedAtMs && row.id > id));
}

function sessionViewOf(row: SessionRow): SessionView {
  return {
    id: row.id,
    stream_id: row.streamId,
    started_at: isoTime(row.startedAtMs),
    last_seen_at: isoTime(row.seenAtMs),
    ended_at: isoOrNull(row.endedAtMs),
    player: row.player,
    network: row.network,
    country: row.country,
    format: row.format,
    startup_ms: row.startupMs,
    startup_source: row.startupSource,
    watch_ms: row.watchMs,
    stalls: row.stalls,
    stall_ms: row.stallMs,
    qualities: row.qualities.map(({ atMs, rendition, reason }) => ({ at: isoTime(atMs), rendition, reason })),
    latency_ms: row.latencyMs,
    errors: row.errors,
    bytes: row.bytes,
    total_frames: row.totalFrames,
    dropped_frames: row.droppedFrames,
  };
}
