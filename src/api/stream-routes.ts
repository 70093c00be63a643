import type { Hono } from 'hono';
import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { listEventsQuery, listStreamsQuery } from '../contract/api.ts';
import type { PublicUrls } from '../contract/public-urls.ts';
import { liveStates } from '../contract/stream-state.ts';
import type { Store } from '../store/ports/store.ts';
import type { StreamRow } from '../store/ports/stream-store.ts';
import { checkInput } from './body.ts';
import { json } from './json.ts';
import type { LiveControl } from './live-control.ts';
import { eventViewOf, streamViewOf } from './views.ts';

export interface StreamRoutesOptions {
  readonly store: Store;
  readonly live: LiveControl;
  readonly urls: PublicUrls;
  readonly clock: Clock;
}

export function addStreamRoutes(api: Hono, options: StreamRoutesOptions): void {
  const { store, live, urls } = options;
  const view = (row: StreamRow) => streamViewOf(row, live.get(row.id), urls);

  async function find(idOrChannel: string): Promise<StreamRow> {
    const row = await store.streams.find(live.get(idOrChannel)?.streamId ?? idOrChannel);
    if (row === undefined) throw new StreamctlError('STREAM_UNKNOWN', { stream: idOrChannel.slice(0, 64) });
    return row;
  }

  api.get('/streams', async (c) => {
    const query = checkInput(c.req.query(), listStreamsQuery);
    const { items, nextCursor } = await store.streams.list(query);
    return json({ items: items.map(view), next_cursor: nextCursor });
  });

  api.get('/streams/:id', async (c) => json(view(await find(c.req.param('id')))));

  api.delete('/streams/:id', async (c) => {
    const row = await find(c.req.param('id'));
    const isStopped = await live.stop(row.id, 'operator');
    if (!isStopped && liveStates.includes(row.state)) await endInStore(row, options);
    return json(view(await find(row.id)));
  });

  api.get('/events', async (c) => {
    const { stream, cursor, limit } = checkInput(c.req.query(), listEventsQuery);
    const streamId = stream === undefined ? undefined : (await find(stream)).id;
    const afterId = cursor === undefined ? undefined : Number(cursor);
    const events = await store.events.list({ streamId, afterId, limit });
    const last = events.length === limit ? events.at(-1) : undefined;
    return json({ items: events.map(eventViewOf), next_cursor: last === undefined ? null : String(last.id) });
  });
}

/** Ends a stream that no server runs: one that was announced, or that a server left behind. */
async function endInStore(row: StreamRow, { store, clock }: StreamRoutesOptions): Promise<void> {
  const endedAtMs = clock.wallMs();
  const reason = row.state === 'PENDING_INGEST' ? 'cancelled' : 'operator';
  await store.streams.transition(
    row.id,
    { state: 'ENDED_GRACEFULLY', reason, endedAtMs, interruptedSinceMs: null },
    {
      timeMs: endedAtMs,
      type: 'stream.ended',
      streamId: row.id,
      traceId: null,
      payload: { state: 'ENDED_GRACEFULLY', reason },
    },
  );
}
