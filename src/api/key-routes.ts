import type { Hono } from 'hono';
import type { StreamKeys } from '../access/stream-keys.ts';
import { createKeyRequest, type keyPolicyView, rotateKeyRequest, updateKeyRequest } from '../contract/api.ts';
import type { PublicUrls } from '../contract/public-urls.ts';
import type { KeyPolicy } from '../store/ports/key-store.ts';
import { readBody } from './body.ts';
import { json } from './json.ts';
import { issuedKeyViewOf, keyViewOf } from './views.ts';

export interface KeyRoutesOptions {
  readonly keys: StreamKeys;
  readonly urls: PublicUrls;
}

export function addKeyRoutes(api: Hono, { keys, urls }: KeyRoutesOptions): void {
  api.get('/keys', async () => json({ items: (await keys.list()).map(keyViewOf), next_cursor: null }));

  api.post('/keys', async (c) => {
    const body = await readBody(c.req.raw, createKeyRequest);
    const issued = await keys.create({
      channel: body.channel,
      expiresAtMs: timeOf(body.expires_at),
      policy: policyOf(body.policy),
    });
    return json(issuedKeyViewOf(issued, urls), 201);
  });

  api.get('/keys/:id', async (c) => json(keyViewOf(await keys.find(c.req.param('id')))));

  api.patch('/keys/:id', async (c) => {
    const body = await readBody(c.req.raw, updateKeyRequest);
    const patch = { expiresAtMs: timeOf(body.expires_at), policy: policyOf(body.policy) };
    return json(keyViewOf(await keys.update(c.req.param('id'), patch)));
  });

  api.delete('/keys/:id', async (c) => json(keyViewOf(await keys.revoke(c.req.param('id')))));

  api.post('/keys/:id/rotate', async (c) => {
    const { overlap_ms: overlapMs } = await readBody(c.req.raw, rotateKeyRequest);
    return json(issuedKeyViewOf(await keys.rotate(c.req.param('id'), overlapMs), urls));
  });
}

/** Null takes a time away, undefined leaves it. */
function timeOf(text: string | null | undefined): number | null | undefined {
  return typeof text === 'string' ? Date.parse(text) : text;
}

function policyOf(view: (typeof keyPolicyView)['_output'] | undefined): KeyPolicy | undefined {
  if (view === undefined) return undefined;
  const { max_bitrate_bps: maxBitrateBps, max_height: maxHeightPixels, ladder, record, playback } = view;
  return { maxBitrateBps, maxHeightPixels, ladder, record, playback };
}
