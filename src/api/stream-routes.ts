import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { PublicUrls } from '../contract/public-urls.ts';
import { liveStates } from '../contract/stream-state.ts';
import { listStreamsQuery, streamPage, streamView } from '../contract/streams.ts';
import type { Store } from '../store/ports/store.ts';
import type { StreamRow } from '../store/ports/stream-store.ts';
import type { Api } from './api-env.ts';
import { findStream } from './find-stream.ts';
import type { LiveControl } from './live-control.ts';
import { answer, needs, refuses } from './operation.ts';
import { streamViewOf } from './views.ts';

export interface StreamRoutesOptions {
  readonly store: Store;
  readonly live: LiveControl;
  readonly urls: PublicUrls;
  readonly clock: Clock;
}

const streamParams = z.object({
  stream_id: z.string().meta({
    description: 'Id of the stream, or the channel: then its current stream.',
    example: 'morning-show',
  }),
});
const tags = ['Streams'];

const listStreams = createRoute({
  method: 'get',
  path: '/streams',
  operationId: 'listStreams',
  tags,
  summary: 'List broadcasts',
  description: 'Newest first, those that have ended too.',
  ...needs('streams:read'),
  request: { query: listStreamsQuery },
  responses: { 200: answer('A page of broadcasts.', streamPage) },
  ...refuses('STORE_CURSOR_INVALID'),
});

const showStream = createRoute({
  method: 'get',
  path: '/streams/{stream_id}',
  operationId: 'showStream',
  tags,
  summary: 'Show a broadcast',
  ...needs('streams:read'),
  request: { params: streamParams },
  responses: { 200: answer('The broadcast, with what is live.', streamView) },
  ...refuses('STREAM_UNKNOWN'),
});

const stopStream = createRoute({
  method: 'delete',
  path: '/streams/{stream_id}',
  operationId: 'stopStream',
  tags,
  summary: 'Stop a broadcast',
  description: 'The publisher is sent away and the playlist ends. Stopping it twice is no mistake.',
  ...needs('streams:write'),
  request: { params: streamParams },
  responses: { 200: answer('The broadcast as it is now.', streamView) },
  ...refuses('STREAM_UNKNOWN'),
});

export function addStreamRoutes(api: Api, options: StreamRoutesOptions): void {
  const { store, live, urls } = options;
  const view = (row: StreamRow) => streamViewOf(row, live.get(row.id), urls);

  api.openapi(listStreams, async (c) => {
    const { items, nextCursor } = await store.streams.list(c.req.valid('query'));
    return c.json({ items: items.map(view), next_cursor: nextCursor }, 200);
  });

  api.openapi(showStream, async (c) => c.json(view(await findStream(c.req.valid('param').stream_id, options)), 200));

  api.openapi(stopStream, async (c) => {
    const row = await findStream(c.req.valid('param').stream_id, options);
    const isStopped = await live.stop(row.id, 'operator');
    if (!isStopped && liveStates.includes(row.state)) await endInStore(row, options);
    return c.json(view(await findStream(row.id, options)), 200);
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
