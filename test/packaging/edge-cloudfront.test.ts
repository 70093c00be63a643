import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';
import { PlaybackGate } from '../../src/access/playback-gate.ts';
import { signPlaybackToken } from '../../src/access/playback-token.ts';
import { parsePlaybackPath, splitSignedPath } from '../../src/delivery/playback-path.ts';
import { ManualClock } from '../support/manual-clock.ts';

/* There is no CloudFront where the tests run: the function itself runs, with what its runtime gives it (KeyValueStore, crypto, Buffer). */

const file = resolve(import.meta.dirname, '../../packaging/edge/cloudfront-viewer-request.js');
const text = readFileSync(file, 'utf8');
const secrets = new Map([
  ['k1', '5a'.repeat(32)],
  ['k2', 'c3'.repeat(32)],
]);
const keyOf = (kid: string, secret = secrets.get(kid) ?? '') => ({ kid, secret: new TextEncoder().encode(secret) });

interface EdgeRequest {
  readonly method: string;
  readonly uri: string;
  readonly querystring: object;
  readonly headers: object;
}
interface EdgeAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, { readonly value: string }>>;
  readonly body: string;
}

const kvs = () => ({
  get: async (name: string) => {
    const value = secrets.get(name);
    if (value === undefined) throw new Error('KeyNotFound');
    return value;
  },
});
const context = createContext({ cf: { kvs }, require: createRequire(import.meta.url), Buffer });
const script = text.replace("import cf from 'cloudfront';", '');
const handler = runInContext(`${script}\nhandler`, context) as (event: object) => Promise<EdgeRequest | EdgeAnswer>;

async function ask(uri: string): Promise<string | readonly [number, string]> {
  const request: EdgeRequest = { method: 'GET', uri, querystring: { _HLS_msn: { value: '7' } }, headers: {} };
  const event = { version: '1.0', context: { eventType: 'viewer-request' }, viewer: { ip: '192.0.2.1' }, request };
  const answer = await handler(event);
  if ('uri' in answer) {
    expect(answer).toEqual({ ...request, uri: answer.uri });
    return answer.uri;
  }
  expect(answer.headers['cache-control']?.value).toBe('no-store');
  return [answer.statusCode, (JSON.parse(answer.body) as { code: string }).code];
}

const inSeconds = (seconds: number) => Date.now() + seconds * 1000;
const token = (subject = 'show', seconds = 600, kid = 'k1', secret?: string) =>
  signPlaybackToken({ subject, expiresAtMs: inSeconds(seconds) }, keyOf(kid, secret));

const invalid = [403, 'ACCESS_PLAYBACK_TOKEN_INVALID'];
const expired = [401, 'ACCESS_PLAYBACK_TOKEN_EXPIRED'];
const stream = 'st_abcdefghijkl2';

test('a good link is the channel in the token’s place, whatever it is to', async () => {
  for (const rest of [
    '/hls/show/index.m3u8',
    `/hls/${stream}/720p/segment-7.1.m4s`,
    `/dash/${stream}/manifest.mpd`,
    '/thumb/show.jpg',
    '/time',
    '/cmcd',
  ]) {
    expect(await ask(`/t/${await token()}${rest}`)).toBe(`/t/show${rest}`);
    expect(await ask(`/t/${await token('show', 900, 'k2')}${rest}`)).toBe(`/t/show${rest}`);
    expect(await ask(`/t/${await token(stream)}${rest}`)).toBe(`/t/${stream}${rest}`);
  }
});

test('pages come without the token, and what is open to all as it is asked for', async () => {
  expect(await ask(`/t/${await token()}/watch/show`)).toBe('/watch/show');
  expect(await ask('/t/whatever/embed/show')).toBe('/embed/show');
  for (const uri of ['/', '/watch/show', '/hls/open/index.m3u8', '/assets/watch-1.js', '/time']) {
    expect(await ask(uri)).toBe(uri);
  }
});

test('what is not a good link to this channel is refused, and nobody says a channel himself', async () => {
  const rest = '/hls/show/index.m3u8';
  const good = await token();
  expect(await ask(`/t/${await token('other')}${rest}`)).toEqual(invalid);
  expect(await ask(`/t/${await token('show', 600, 'k3', '00'.repeat(32))}${rest}`)).toEqual(invalid);
  expect(await ask(`/t/${await token('show', 600, 'k1', '00'.repeat(32))}${rest}`)).toEqual(invalid);
  for (const shown of [
    'show',
    stream,
    '-',
    '',
    'a.b.c',
    `${good}x`,
    `${good}.x`,
    good.slice(0, -2),
    'x'.repeat(3000),
  ]) {
    expect(await ask(`/t/${shown}${rest}`), shown).toEqual(invalid);
  }
  for (const uri of [`/t/${good}`, `/t/${good}/t/show${rest}`, `/t/${good}/streams`, '/t/', `/t/${good}/..${rest}`]) {
    expect(await ask(uri), uri).toEqual(invalid);
  }
  const [, claims] = good.split('.');
  const none = Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url');
  expect(await ask(`/t/${none}.${claims}.${rest}`)).toEqual(invalid);
});

test('a link is good from when to when the node says so too', async () => {
  const rest = '/hls/show/index.m3u8';
  expect(await ask(`/t/${await token('show', -20)}${rest}`)).toBe(`/t/show${rest}`);
  expect(await ask(`/t/${await token('show', -40)}${rest}`)).toEqual(expired);
  const later = { subject: 'show', expiresAtMs: inSeconds(900), notBeforeMs: inSeconds(300) };
  expect(await ask(`/t/${await signPlaybackToken(later, keyOf('k1'))}${rest}`)).toEqual(invalid);
});

test('what the function asks for is had from the node with the edge’s secret, and not without', async () => {
  const edgeSecret = 'only-the-distribution-knows-this';
  const gate = new PlaybackGate(new ManualClock(Date.now()));
  gate.update({ policy: { isSignedByDefault: true, exceptions: [] }, keys: [], edgeSecret });
  const uri = await ask(`/t/${await token()}/hls/${stream}/source/index.m3u8`);
  const signed = splitSignedPath(uri as string);
  expect(parsePlaybackPath(signed?.path ?? '')).toMatchObject({ type: 'playlist', id: stream });
  const pass = await gate.passOf(signed?.token, edgeSecret);
  expect(gate.refusalOf(stream, { streamId: stream, channel: 'show' }, pass)).toBeUndefined();
  expect(gate.refusalOf(stream, { streamId: stream, channel: 'other' }, pass)).toBe('foreign');
  expect(await gate.isPlaybackAllowed(stream, { streamId: stream, channel: 'show' }, signed?.token)).toBe(false);
});

test('the function fits what CloudFront takes: 10 KB, and no syntax its runtime does not know', () => {
  expect(Buffer.byteLength(text)).toBeLessThan(10_240);
  const code = text.replace(/\/\*[\s\S]*?\*\/|^ *\/\/.*$/gm, '');
  expect(code).not.toMatch(/\?\.|\?\?|(?:const|let) [{[]|\.\.\.|\*\*|\bclass\b/);
});
