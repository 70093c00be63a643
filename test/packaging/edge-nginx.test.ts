import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPlaybackKeys } from '../../src/access/playback-keys.ts';
import { signPlaybackToken } from '../../src/access/playback-token.ts';
import { unixFetch } from '../../src/client/unix-fetch.ts';
import { startEdgeNginx } from '../support/edge-nginx.ts';
import { publishSample } from '../support/publishers/sample.ts';
import { TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
let server: TestServer;
let edge = '';

beforeAll(async () => {
  server = await TestServer.start({ env: { STREAMCTL_AUTH_PLAYBACK: 'signed' } });
  undo.push(() => server.dispose());
  const nginx = await startEdgeNginx(server.httpUrl);
  undo.push(nginx.stop);
  edge = nginx.url;
  for (const channel of ['show', 'other']) undo.push((await publishSample(server.rtmpUrl, channel)).stop);
  for (const channel of ['show', 'other']) {
    const playlist = `${server.httpUrl}/t/${await token(channel)}/hls/${channel}/source/index.m3u8`;
    await until('it is on air', async () => (await fetch(playlist)).ok);
  }
}, 60_000);

afterAll(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

/** Each is another one: of another second, as those of many viewers are. */
function token(subject: string, seconds = 3600): Promise<string> {
  const [key] = loadPlaybackKeys({ path: join(server.dataFolder, 'playback.keys'), mayCreate: false });
  return signPlaybackToken({ subject, expiresAtMs: Date.now() + seconds * 1000 }, key!);
}

/** How many requests of a class the node has answered. */
async function asked(playbackClass: string): Promise<number> {
  const answer = await unixFetch(join(server.dataFolder, 'control.sock'))(new Request('http://localhost/metrics'));
  const lines = (await answer.text()).split('\n').filter((line) => line.includes(`"${playbackClass}"`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** A segment of the channel that is complete. */
async function newestSegment(prefix: string, channel: string): Promise<string> {
  const url = `${prefix}/hls/${channel}/source/index.m3u8`;
  const names = [...(await (await fetch(url)).text()).matchAll(/^.*segment-\d+\.m4s$/gm)].map(([name]) => name);
  return new URL(names.at(-1)!, url).pathname.replace(/^\/t\/[^/]+/, '');
}

test('many links to one broadcast are one request to the node, and everybody has its bytes', async () => {
  const tokens = await Promise.all(Array.from({ length: 8 }, (_, i) => token('show', 3600 + i)));
  const segment = await newestSegment(`${server.httpUrl}/t/${tokens[0]}`, 'show');
  const own = Buffer.from(await (await fetch(`${server.httpUrl}/t/${tokens[0]}${segment}`)).arrayBuffer());
  await until('that is counted', async () => (await asked('segment')) > 0);
  const before = await asked('segment');
  const answers = await Promise.all(tokens.map((text) => fetch(`${edge}/t/${text}${segment}`)));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(answers.filter(({ headers }) => headers.get('x-cache') === 'MISS')).toHaveLength(1);
  for (const answer of answers) expect(Buffer.from(await answer.arrayBuffer()).equals(own)).toBe(true);
  const range = await fetch(`${edge}/t/${tokens[1]}${segment}`, { headers: { range: 'bytes=4-7' } });
  expect([range.status, await range.text()]).toEqual([206, own.subarray(4, 8).toString('latin1')]);
  await until('it is counted', async () => (await asked('segment')) > before);
  expect((await asked('segment')) - before).toBe(1);
});

test('a link that has been looked at, and what it opened, need the node no more', async () => {
  const text = await token('show');
  const segment = await newestSegment(`${edge}/t/${text}`, 'show');
  await (await fetch(`${edge}/t/${text}${segment}`)).arrayBuffer();
  process.kill(server.processId, 'SIGSTOP');
  try {
    for (let i = 0; i < 3; i++) {
      const answer = await fetch(`${edge}/t/${text}${segment}`, { signal: AbortSignal.timeout(5000) });
      expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'HIT']);
    }
  } finally {
    process.kill(server.processId, 'SIGCONT');
  }
});

test('a link that has expired, one to another channel, and none are refused although it is kept', async () => {
  const good = await token('show');
  const segment = await newestSegment(`${edge}/t/${good}`, 'show');
  expect((await fetch(`${edge}/t/${good}${segment}`)).status).toBe(200);
  const refusals: readonly (readonly [string, number, string])[] = [
    [`/t/${await token('show', -60)}`, 401, 'ACCESS_PLAYBACK_TOKEN_EXPIRED'],
    [`/t/${await token('other')}`, 403, 'ACCESS_PLAYBACK_TOKEN_INVALID'],
    [`/t/${good}x`, 403, 'ACCESS_PLAYBACK_TOKEN_INVALID'],
    ['', 401, 'ACCESS_PLAYBACK_TOKEN_MISSING'],
  ];
  for (const [prefix, status, code] of refusals) {
    const answer = await fetch(edge + prefix + segment);
    expect([answer.status, answer.headers.get('cache-control')], prefix).toEqual([status, 'no-store']);
    expect(await answer.json()).toMatchObject({ code });
  }
});

test('playlists that are waited for come through, one request for all; pages and the time too', async () => {
  const [a, b] = [await token('show', 3700), await token('show', 3800)];
  const path = (await newestSegment(`${edge}/t/${a}`, 'show')).replace(/segment-(\d+)\.m4s$/, 'index.m3u8');
  const now = await (await fetch(`${edge}/t/${a}${path}`)).text();
  const msn = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(now)?.[1]) + (now.match(/#EXTINF/g)?.length ?? 0) + 1;
  const ask = (text: string, more = '') => fetch(`${edge}/t/${text}${path}?${more}_HLS_msn=${msn}&_HLS_part=0`);
  const answers = await Promise.all([ask(a), ask(b), ask(b, 'CMCD=bl%3D1&')]);
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  expect(new Set(texts).size).toBe(1);
  expect(texts[0]).toContain(`segment-${msn}.0.m4s`);
  expect(answers.filter(({ headers }) => headers.get('x-cache') === 'MISS')).toHaveLength(1);
  for (const rest of ['/watch/show', '/embed/show', '/time', '/dash/show/manifest.mpd', '/hls/show/ts.m3u8']) {
    expect((await fetch(`${edge}/t/${a}${rest}`)).status, rest).toBe(200);
  }
});

test('a player that was away gets what there is now, and not each playlist as it was then', async () => {
  const text = await token('show');
  const path = (await newestSegment(`${edge}/t/${text}`, 'show')).replace(/segment-(\d+)\.m4s$/, 'index.m3u8');
  const lastNumber = (playlist: string) => Number([...playlist.matchAll(/segment-(\d+)\.m4s/g)].at(-1)?.[1]);
  const first = lastNumber(await (await fetch(`${edge}/t/${text}${path}`)).text());
  const missed = () => fetch(`${edge}/t/${text}${path}?_HLS_msn=${first + 1}&_HLS_part=0`);
  const then = lastNumber(await (await missed()).text());
  await until('two more segments are made', async () => {
    const now = await fetch(`${edge}/t/${text}${path}`);
    return lastNumber(await now.text()) >= then + 2;
  });
  expect(lastNumber(await (await missed()).text())).toBeGreaterThanOrEqual(then + 2);
});
