import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { actedBy, actorOf } from '../access/actor.ts';
import type { SignLink } from '../access/playback-access.ts';
import type { StreamKeys } from '../access/stream-keys.ts';
import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { createLinkRequest, linkView } from '../contract/links.ts';
import { isChannelName } from '../contract/names.ts';
import type { PublicUrls } from '../contract/public-urls.ts';
import type { Store } from '../store/ports/store.ts';
import type { Api } from './api-env.ts';
import { answer, jsonBody, needs, refuses } from './operation.ts';
import { isoTime } from './views.ts';

export interface LinkRoutesOptions {
  readonly keys: StreamKeys;
  readonly store: Store;
  readonly urls: PublicUrls;
  readonly clock: Clock;
  readonly signLink: SignLink;
  /** `auth.open_publish`: every channel may come to be. */
  readonly isPublishOpen: boolean;
}

const createLink = createRoute({
  method: 'post',
  path: '/streams/{stream_id}/links',
  operationId: 'createLink',
  tags: ['Streams'],
  summary: 'Make a signed link',
  description:
    'Lets whoever has it watch until it expires, also where playback is signed. For a channel it is good for all its broadcasts, those to ' +
    'come too; for the id of a stream, for that one. It is kept nowhere: it ends by its time, or when the key it is signed with is taken out of use.',
  ...needs('streams:write'),
  request: {
    params: z.object({
      stream_id: z.string().meta({ description: 'A channel, or the id of a stream.', example: 'morning-show' }),
    }),
    body: jsonBody(createLinkRequest),
  },
  responses: { 201: answer('The link, in each form.', linkView) },
  ...refuses('STREAM_UNKNOWN', 'ACCESS_PLAYBACK_KEYS_UNREADABLE'),
});

export function addLinkRoutes(api: Api, options: LinkRoutesOptions): void {
  const { store, urls, clock, signLink } = options;
  api.openapi(createLink, async (c) => {
    const { expires_in: expiresInSeconds, not_before: notBefore } = c.req.valid('json');
    const { subject, stream } = await subjectOf(c.req.valid('param').stream_id, options);
    const nowMs = clock.wallMs();
    const notBeforeMs = notBefore === undefined ? undefined : Date.parse(notBefore);
    // Whole seconds, as tokens have them.
    const expiresAtMs = Math.floor((notBeforeMs ?? nowMs) / 1000 + expiresInSeconds) * 1000;
    const token = await signLink({ subject, expiresAtMs, notBeforeMs });
    await store.events.append({
      timeMs: nowMs,
      type: 'playback.link_created',
      streamId: stream?.id ?? null,
      traceId: stream?.traceId ?? null,
      payload: { subject, expires_at: isoTime(expiresAtMs), ...actedBy(actorOf(c.get('identity'))) },
    });
    return c.json({ token, urls: urls.signed(subject, token), expires_at: isoTime(expiresAtMs) }, 201);
  });
}

/** A channel that has a key or has had a broadcast, or a stream. Throws STREAM_UNKNOWN for what looks like a slip. */
async function subjectOf(name: string, { keys, store, isPublishOpen }: LinkRoutesOptions) {
  const stream = await store.streams.find(name);
  if (stream?.id === name) return { subject: name, stream };
  const isKnown = stream !== undefined || isPublishOpen || (await keys.list()).some(({ channel }) => channel === name);
  if (!isChannelName(name) || !isKnown) throw new StreamctlError('STREAM_UNKNOWN', { stream: name.slice(0, 64) });
  return { subject: name, stream: undefined };
}
