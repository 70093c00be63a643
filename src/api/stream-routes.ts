import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { type Actor, actedBy, actorOf } from '../access/actor.ts';
import type { DrawLetters } from '../access/draw-letters.ts';
import type { Identity } from '../access/identity.ts';
import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { isChannelName, newStreamId } from '../contract/names.ts';
import { liveStates } from '../contract/stream-state.ts';
import {
  announcedStreamView,
  announceStreamRequest,
  listStreamsQuery,
  streamPage,
  streamView,
} from '../contract/streams.ts';
import type { Store } from '../store/ports/store.ts';
import type { StreamRow } from '../store/ports/stream-store.ts';
import { parseTraceparent } from '../tracing/trace-context.ts';
import type { Api } from './api-env.ts';
import { findStream } from './find-stream.ts';
import type { LiveControl } from './live-control.ts';
import { answer, jsonBody, needs, needsOrStreamKey, refuses } from './operation.ts';
import { streamParams } from './stream-params.ts';
import { type BroadcastTerms, streamViewOf } from './views.ts';

export interface StreamRoutesOptions extends BroadcastTerms {
  readonly store: Store;
  readonly live: LiveControl;
  readonly clock: Clock;
  readonly node: string;
  /** `auth.open_publish`. */
  readonly isPublishOpen: boolean;
  /** Whether other nodes may run what is in the store. */
  readonly isStoreShared: boolean;
}

const tags = ['Streams'];

const announceStream = createRoute({
  method: 'post',
  path: '/streams',
  operationId: 'announceStream',
  tags,
  summary: 'Announce a broadcast',
  description:
    'Makes a broadcast that waits for its publisher until `pending_until`. Whoever publishes to the channel goes on with it: its id, and ' +
    'with that its addresses, are known beforehand. Until media comes its playlists answer 404, as for a channel without a broadcast. ' +
    'Publishing without announcing is the usual way and needs none of this.',
  ...needsOrStreamKey('streams:write'),
  request: { body: jsonBody(announceStreamRequest) },
  responses: {
    201: {
      ...answer('The broadcast, and where to publish.', announcedStreamView),
      headers: z.object({ Location: z.string().meta({ description: 'Path of the broadcast.' }) }),
    },
  },
  ...refuses(
    'STREAM_ALREADY_ANNOUNCED',
    'STREAM_ANNOUNCED_LIMIT',
    'STREAM_CHANNEL_MISSING',
    'STREAM_CHANNEL_FOREIGN',
    'ACCESS_CHANNEL_INVALID',
    'STREAM_NOT_RECORDED',
    'MEDIA_THREAD_DIED',
  ),
});

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
  description:
    'The publisher is told and sent away, playlists end, media stays as long as it would. Stopping it twice is no mistake. The key stays ' +
    'good: an encoder that reconnects by itself, as OBS does, begins a new broadcast; to keep it away, revoke the key.',
  ...needs('streams:write'),
  request: { params: streamParams },
  responses: { 200: answer('The broadcast as it is now.', streamView) },
  ...refuses('STREAM_UNKNOWN', 'STREAM_ON_OTHER_NODE', 'MEDIA_THREAD_DIED'),
});

export function addStreamRoutes(api: Api, options: StreamRoutesOptions): void {
  const { store, live } = options;
  const view = (row: StreamRow) => streamViewOf(row, live.get(row.id), options);

  api.openapi(announceStream, async (c) => {
    const identity = c.get('identity');
    const channel = announcedChannel(identity, c.req.valid('json').channel);
    const { id, row: before } = await ownAnnouncement(c.var.draw, store);
    if (before !== undefined) {
      c.header('location', `/streams/${id}`);
      return c.json({ ...view(before), ...wayIn(channel, options) }, 201);
    }
    if (options.isStoreShared) await refuseWhereOthersRun(channel, options);
    const keyId = identity.kind === 'stream-key' ? identity.keyId : undefined;
    const actor = actorOf(identity);
    const caller = parseTraceparent(c.req.header('traceparent'));
    await live.announce({ id, channel, actor, keyId, caller });
    const row = await store.streams.find(id);
    if (row === undefined) {
      // Nobody could be shown what nobody can look up.
      await live.stop(id, actor);
      throw new StreamctlError('STREAM_NOT_RECORDED', { channel });
    }
    c.header('location', `/streams/${id}`);
    return c.json({ ...view(row), ...wayIn(channel, options) }, 201);
  });

  api.openapi(listStreams, async (c) => {
    const { items, nextCursor } = await store.streams.list(c.req.valid('query'));
    return c.json({ items: items.map(view), next_cursor: nextCursor }, 200);
  });

  api.openapi(showStream, async (c) => c.json(view(await findStream(c.req.valid('param').stream_id, options)), 200));

  api.openapi(stopStream, async (c) => {
    const row = await findStream(c.req.valid('param').stream_id, options);
    const actor = actorOf(c.var.identity);
    if (liveStates.includes(row.state) && !(await live.stop(row.id, actor))) await endInStore(row, actor, options);
    return c.json(view(await findStream(row.id, options)), 200);
  });
}

/** A stream key stands for its channel; everybody else has to name one. */
function announcedChannel(identity: Identity, named: string | undefined): string {
  const ofKey = identity.kind === 'stream-key' ? identity.channel : undefined;
  const channel = named ?? ofKey;
  if (channel === undefined) throw new StreamctlError('STREAM_CHANNEL_MISSING', {});
  if (!isChannelName(channel)) throw new StreamctlError('ACCESS_CHANNEL_INVALID', { channel });
  if (ofKey !== undefined && ofKey !== channel) {
    throw new StreamctlError('STREAM_CHANNEL_FOREIGN', { channel, keyChannel: ofKey });
  }
  return channel;
}

/**
 * The id that a request's broadcast is to have; with its row where the request is repeated, and made it before a crash kept it from
 * saying so. One that is over by now is not brought back: another is announced.
 */
async function ownAnnouncement(draw: DrawLetters, { streams }: Pick<Store, 'streams'>) {
  for (;;) {
    const id = newStreamId(draw);
    const row = await streams.find(id);
    if (row === undefined || liveStates.includes(row.state)) return { id, row };
  }
}

async function refuseWhereOthersRun(channel: string, { store, node }: StreamRoutesOptions): Promise<void> {
  const elsewhere = (await store.streams.active()).find((row) => row.channel === channel && row.node !== node);
  if (elsewhere === undefined) return;
  throw new StreamctlError('STREAM_ALREADY_ANNOUNCED', { channel, streamId: elsewhere.id });
}

function wayIn(channel: string, { urls, isPublishOpen }: StreamRoutesOptions) {
  if (isPublishOpen) {
    return { ingest_url: `${urls.rtmp}/${channel}`, ingest_hint: 'Anybody may publish there, without a stream key.' };
  }
  return {
    ingest_url: urls.rtmp,
    ingest_hint: `Publish there with a stream key of channel ${channel}: in OBS it goes into the field Stream Key, with ffmpeg behind the address and a slash.`,
  };
}

/** Ends a stream that no server runs: one that a server left behind. Throws STREAM_ON_OTHER_NODE where it may be another's. */
async function endInStore(row: StreamRow, actor: Actor, options: StreamRoutesOptions): Promise<void> {
  const { store, clock, node, isStoreShared } = options;
  if (isStoreShared && row.node !== node) {
    throw new StreamctlError('STREAM_ON_OTHER_NODE', { streamId: row.id, node: row.node });
  }
  const endedAtMs = clock.wallMs();
  const reason = row.state === 'PENDING_INGEST' ? 'cancelled' : 'operator';
  await store.streams.transition(
    row.id,
    { state: 'ENDED_GRACEFULLY', reason, endedAtMs, interruptedSinceMs: null },
    {
      timeMs: endedAtMs,
      type: 'stream.ended',
      streamId: row.id,
      traceId: row.traceId,
      payload: { state: 'ENDED_GRACEFULLY', reason, ...actedBy(actor) },
    },
  );
}
