import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { actorOf } from '../access/actor.ts';
import type { StreamKeys } from '../access/stream-keys.ts';
import {
  createKeyRequest,
  issuedKeyView,
  type KeyPolicyPatch,
  type KeyPolicyView,
  keyPage,
  keyView,
  listKeysQuery,
  rotateKeyRequest,
  updateKeyRequest,
} from '../contract/keys.ts';
import type { PublicUrls } from '../contract/public-urls.ts';
import type { KeyPolicy } from '../store/ports/key-store.ts';
import type { Api } from './api-env.ts';
import { etagOf, isKnown, requireMatch } from './etag.ts';
import { answer, ifMatch, ifNoneMatch, jsonBody, needs, notModified, refuses, tagged } from './operation.ts';
import { pageBehind } from './page-behind.ts';
import { issuedKeyViewOf, keyViewOf } from './views.ts';

export interface KeyRoutesOptions {
  readonly keys: StreamKeys;
  readonly urls: PublicUrls;
}

const keyParams = z.object({
  id: z.string().meta({ description: 'Id of the key, or the channel that has only this one.', example: 'q7w2k5x3ab' }),
});
const tags = ['Keys'];

const listKeys = createRoute({
  method: 'get',
  path: '/keys',
  operationId: 'listKeys',
  tags,
  summary: 'List stream keys',
  description: 'Oldest first, revoked keys too.',
  ...needs('keys:read'),
  request: { query: listKeysQuery },
  responses: { 200: answer('A page of keys.', keyPage) },
  ...refuses('STORE_CURSOR_INVALID'),
});

const createKey = createRoute({
  method: 'post',
  path: '/keys',
  operationId: 'createKey',
  tags,
  summary: 'Create a stream key',
  description: 'The only answer with the key in it; what is lost can be rotated, never shown again.',
  ...needs('keys:write'),
  request: { body: jsonBody(createKeyRequest) },
  responses: { 201: answer('The key, with every address.', issuedKeyView) },
  ...refuses('ACCESS_CHANNEL_INVALID'),
});

const showKey = createRoute({
  method: 'get',
  path: '/keys/{id}',
  operationId: 'showKey',
  tags,
  summary: 'Show a stream key',
  ...needs('keys:read'),
  request: { params: keyParams, headers: ifNoneMatch },
  responses: { 200: tagged(answer('The key without its secret.', keyView)), 304: notModified },
  ...refuses('KEY_NOT_FOUND'),
});

const updateKey = createRoute({
  method: 'patch',
  path: '/keys/{id}',
  operationId: 'updateKey',
  tags,
  summary: 'Change expiry and policy of a stream key',
  description: 'A merge patch (RFC 7396): what is named is set, null takes it away, what is absent stays.',
  ...needs('keys:write'),
  request: { params: keyParams, headers: ifMatch, body: jsonBody(updateKeyRequest) },
  responses: { 200: tagged(answer('The key as it is now.', keyView)) },
  ...refuses('KEY_NOT_FOUND', 'API_PRECONDITION_FAILED', 'ACCESS_KEY_CONTENDED'),
});

const revokeKey = createRoute({
  method: 'delete',
  path: '/keys/{id}',
  operationId: 'revokeKey',
  tags,
  summary: 'Revoke a stream key',
  description: 'Ends its broadcast. The key stays in the list; revoking it twice is no mistake.',
  ...needs('keys:write'),
  request: { params: keyParams, headers: ifMatch },
  responses: { 200: tagged(answer('The key as it is now.', keyView)) },
  ...refuses('KEY_NOT_FOUND', 'API_PRECONDITION_FAILED', 'ACCESS_KEY_CONTENDED'),
});

const rotateKey = createRoute({
  method: 'post',
  path: '/keys/{id}/rotate',
  operationId: 'rotateKey',
  tags,
  summary: 'Give a stream key a new secret',
  description: 'The old one stays good for `overlap_ms`, so that the broadcaster can change over between broadcasts.',
  ...needs('keys:write'),
  request: { params: keyParams, body: jsonBody(rotateKeyRequest) },
  responses: { 200: answer('The key, with its new text.', issuedKeyView) },
  ...refuses('KEY_NOT_FOUND', 'ACCESS_KEY_REVOKED', 'ACCESS_KEY_CONTENDED'),
});

export function addKeyRoutes(api: Api, { keys, urls }: KeyRoutesOptions): void {
  api.openapi(listKeys, async (c) => {
    const { channel, ...query } = c.req.valid('query');
    const rows = (await keys.list()).filter((key) => channel === undefined || key.channel === channel);
    const { items, nextCursor } = pageBehind(rows, query);
    return c.json({ items: items.map(keyViewOf), next_cursor: nextCursor }, 200);
  });

  api.openapi(createKey, async (c) => {
    const { channel, expires_at: expiresAt, policy } = c.req.valid('json');
    const issued = await keys.by(actorOf(c.var.identity)).create({
      draw: c.var.draw,
      channel,
      expiresAtMs: timeOf(expiresAt),
      policy: policy && keyPolicyOf(policy),
    });
    return c.json(issuedKeyViewOf(issued, urls), 201);
  });

  api.openapi(showKey, async (c) => {
    const view = keyViewOf(await keys.find(c.req.valid('param').id));
    const etag = etagOf(view);
    if (isKnown(c.req.header('if-none-match'), etag)) return c.body(null, 304, { etag });
    return c.json(view, 200, { etag });
  });

  api.openapi(updateKey, async (c) => {
    const { expires_at: expiresAt, policy } = c.req.valid('json');
    const key = await keys.by(actorOf(c.var.identity)).update(c.req.valid('param').id, (before) => {
      requireMatch(c.req.header('if-match'), etagOf(keyViewOf(before)));
      return { expiresAtMs: timeOf(expiresAt), policy: policy && mergePolicy(before.policy, policy) };
    });
    const view = keyViewOf(key);
    return c.json(view, 200, { etag: etagOf(view) });
  });

  api.openapi(revokeKey, async (c) => {
    const key = await keys.by(actorOf(c.var.identity)).revoke(c.req.valid('param').id, (before) => {
      requireMatch(c.req.header('if-match'), etagOf(keyViewOf(before)));
    });
    const view = keyViewOf(key);
    return c.json(view, 200, { etag: etagOf(view) });
  });

  api.openapi(rotateKey, async (c) => {
    const { overlap_ms: overlapMs } = c.req.valid('json');
    const issued = await keys.by(actorOf(c.var.identity)).rotate(c.req.valid('param').id, overlapMs, c.var.draw);
    return c.json(issuedKeyViewOf(issued, urls), 200);
  });
}

/** Null takes a time away, undefined leaves it. */
function timeOf(text: string | null | undefined): number | null | undefined {
  return typeof text === 'string' ? Date.parse(text) : text;
}

function keyPolicyOf(view: KeyPolicyView): KeyPolicy {
  const { max_bitrate_bps: maxBitrateBps, max_height: maxHeightPixels, codecs, ladder, record, playback } = view;
  return { maxBitrateBps, maxHeightPixels, codecs, ladder, record, playback };
}

/** RFC 7396: null removes, undefined leaves. */
function mergePolicy(before: KeyPolicy, patch: KeyPolicyPatch): KeyPolicy {
  const merge = <Value>(old: Value, change: Value | null | undefined) =>
    change === undefined ? old : (change ?? undefined);
  return {
    maxBitrateBps: merge(before.maxBitrateBps, patch.max_bitrate_bps),
    maxHeightPixels: merge(before.maxHeightPixels, patch.max_height),
    codecs: merge(before.codecs, patch.codecs),
    ladder: merge(before.ladder, patch.ladder),
    record: merge(before.record, patch.record),
    playback: merge(before.playback, patch.playback),
  };
}
