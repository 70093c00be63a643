import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type PlaybackKey, signPlaybackToken } from '../../src/access/playback-token.ts';
import { isPlaybackPath, splitSignedPath } from '../../src/delivery/playback-path.ts';
import type { PlaybackRequest, ProgressiveReply, Reply } from '../../src/delivery/reply.ts';
import { until } from '../support/until.ts';
import { streamStartMs } from './feeder.ts';
import { ask, get, header, rig, text } from './viewer.ts';

const key: PlaybackKey = { kid: 'k', secret: new Uint8Array(32).fill(7) };
const edgeSecret = 'believed-because-of-this-long-secret';

/** Two live channels, one of them signed, with a picture each. */
function live(signed: readonly string[] = ['show']) {
  const made = rig();
  const { delivery, clock } = made;
  const sign = (exceptions: readonly string[]) =>
    delivery.gate.update({ policy: { isSignedByDefault: false, exceptions }, keys: [key], edgeSecret });
  sign(signed);
  const broadcast = (streamId: string, channel: string) => {
    delivery.apply({
      type: 'stream',
      stream: {
        streamId,
        channel,
        availabilityStartMs: streamStartMs,
        targetDurationSeconds: 2,
        partTargetMs: 500,
        windowMs: 12_000,
      },
    });
  };
  const { feeder } = made;
  const video = feeder.video();
  const audio = feeder.audio();
  for (let i = 0; i < 3; i++) {
    video.segment();
    audio.segment();
  }
  const thumbnail = { jpeg: Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), madeAtMs: streamStartMs };
  delivery.apply({ type: 'thumbnail', streamId: 'st1', thumbnail });
  broadcast('st2', 'other');
  const token = (subject = 'show', seconds = 60) =>
    signPlaybackToken({ subject, expiresAtMs: clock.wallMs() + seconds * 1000 }, key);
  return { ...made, video, sign, token };
}

type Rig = ReturnType<typeof live>;

/** What is answered in the end. */
function getSigned({ delivery }: Rig, url: string, more: Partial<PlaybackRequest> = {}): Promise<Reply> {
  const [path = '', query = ''] = url.split('?');
  const answer = delivery.answer({ method: 'GET', path, query, ...more });
  return new Promise((resolve, reject) => {
    const take = (reply: Reply | ProgressiveReply) =>
      reply.kind === 'whole' ? resolve(reply) : reject(new Error(`${url} has no end`));
    if (answer.kind === 'pending') answer.settle(take);
    else take(answer);
  });
}

const codeOf = (reply: Reply) => (JSON.parse(text(reply)) as { code: string }).code;

const playable = [
  '/hls/show/index.m3u8',
  '/hls/show/ts.m3u8',
  '/hls/st1/index.m3u8',
  '/hls/st1/source/index.m3u8',
  '/hls/show/source/index.m3u8',
  '/hls/st1/source/index.m3u8?_HLS_msn=3&_HLS_part=1',
  '/hls/st1/source/index.m3u8?_HLS_skip=YES',
  '/hls/st1/source/ts.m3u8',
  '/hls/st1/audio/index.m3u8',
  '/hls/st1/source/init-1.mp4',
  '/hls/show/source/init-1.mp4',
  '/hls/st1/source/segment-2.m4s',
  '/hls/st1/source/segment-2.1.m4s',
  '/hls/st1/source/segment-2.ts',
  '/dash/show/manifest.mpd',
  '/dash/st1/manifest.mpd',
  '/dash/st1/source/init-1.mp4',
  '/dash/st1/source/segment-2.m4s',
  '/thumb/show.jpg',
  '/thumb/st1.jpg',
];

test('nothing of a signed channel is had without a token, and no cache keeps that', () => {
  const { delivery } = live();
  for (const url of playable) {
    const reply = get(delivery, url);
    expect([reply.status, codeOf(reply)], url).toEqual([401, 'ACCESS_PLAYBACK_TOKEN_MISSING']);
    expect(header(reply, 'cache-control')).toBe('no-store');
    expect(header(reply, 'www-authenticate')).toMatch(/^Bearer/);
    expect(header(reply, 'access-control-allow-origin')).toBe('*');
    expect(get(delivery, url, { method: 'HEAD' })).toMatchObject({ status: 401, body: [] });
  }
});

test('behind a token every answer is byte for byte what a public channel’s would be, headers too', async () => {
  const signed = live();
  const open = live([]);
  const prefix = `/t/${await signed.token()}`;
  for (const url of playable) {
    for (const acceptEncoding of [undefined, 'gzip']) {
      const [a, b] = [
        await getSigned(signed, prefix + url, { acceptEncoding }),
        get(open.delivery, url, { acceptEncoding }),
      ];
      expect(b.status, url).toBe(200);
      expect({ ...a, body: Buffer.concat(a.body) }).toEqual({ ...b, body: Buffer.concat(b.body) });
    }
  }
});

test('nothing that is answered refers to anything outside of the prefix', async () => {
  const signed = live();
  const prefix = `/t/${await signed.token()}`;
  for (const url of playable.filter((name) => /\.(m3u8|mpd)/.test(name))) {
    const list = text(await getSigned(signed, prefix + url));
    const references = [
      ...[...list.matchAll(/URI="([^"]+)"|value="(\.[^"]+)"|media="([^"]+)"|<(?:BaseURL|Location)>([^<]+)/g)].map(
        (match) => match.slice(1).find((group) => group !== undefined),
      ),
      ...list.split('\n').filter((line) => url.includes('.m3u8') && line !== '' && !line.startsWith('#')),
    ];
    expect(references.length, url).toBeGreaterThan(0);
    for (const reference of references) {
      expect(new URL(reference!, `http://host${prefix}${url}`).pathname).toContain(`${prefix}/`);
    }
  }
  expect(text(await getSigned(signed, `${prefix}/time`))).toMatch(/^\d{4}-/);
});

test('all who hold a token are given the very same object, whoever asked first', async () => {
  const signed = live();
  const [a, b] = [await signed.token(), await signed.token('st1', 90)];
  const url = '/hls/st1/source/index.m3u8';
  expect(await getSigned(signed, `/t/${a}${url}`)).toBe(await getSigned(signed, `/t/${b}${url}`));
  expect(get(signed.delivery, `/t/${a}${url}`)).toBe(get(signed.delivery, `/t/${b}${url}`));
});

test('a token ends while it is used: playlists and media that are listed answer 401 at once', async () => {
  const signed = live();
  const prefix = `/t/${await signed.token('show', 60)}`;
  expect((await getSigned(signed, `${prefix}/hls/st1/source/index.m3u8`)).status).toBe(200);
  signed.clock.advance(60_000 + 29_000);
  expect(get(signed.delivery, `${prefix}/hls/st1/source/segment-2.m4s`).status).toBe(200);
  signed.clock.advance(1000);
  for (const url of playable) {
    const reply = get(signed.delivery, prefix + url);
    expect([reply.status, codeOf(reply)], url).toEqual([401, 'ACCESS_PLAYBACK_TOKEN_EXPIRED']);
    expect(header(reply, 'cache-control')).toBe('no-store');
  }
});

test('a token of another channel, and no token at all, are refused, also where the channel is public', async () => {
  const signed = live();
  const other = await signed.token('other');
  for (const url of playable) {
    const reply = await getSigned(signed, `/t/${other}${url}`);
    expect([reply.status, codeOf(reply)], url).toEqual([403, 'ACCESS_PLAYBACK_TOKEN_INVALID']);
    expect(header(reply, 'cache-control')).toBe('no-store');
    expect(text(reply)).not.toContain(other);
  }
  signed.sign([]);
  expect((await getSigned(signed, '/t/no.token.atall/hls/show/index.m3u8')).status).toBe(403);
  expect((await getSigned(signed, `/t/${await signed.token()}/hls/show/index.m3u8`)).status).toBe(200);
});

test('who has a link to a channel that is off air is told so, and who has none is not', async () => {
  const signed = live(['show', 'later']);
  expect(get(signed.delivery, '/hls/later/index.m3u8').status).toBe(401);
  expect((await getSigned(signed, `/t/${await signed.token('later')}/hls/later/index.m3u8`)).status).toBe(404);
  expect(get(signed.delivery, '/hls/nobody/index.m3u8').status).toBe(404);
});

test('a request that is held is held behind a token too, together with the others, and let go when its viewer leaves', async () => {
  const signed = live();
  const prefix = `/t/${await signed.token()}`;
  const url = `${prefix}/hls/st1/source/index.m3u8?_HLS_msn=4&_HLS_part=0`;
  const stays = getSigned(signed, url);
  const [leaves, leavesEarly] = [ask(signed.delivery, url), ask(signed.delivery, url)];
  leavesEarly.cancel();
  await until('the token is verified', () => signed.delivery.stats().waiters > 0);
  expect(signed.delivery.stats().waiters).toBe(2);
  leaves.cancel();
  expect(signed.delivery.stats().waiters).toBe(1);
  signed.video.open();
  signed.video.part();
  expect(await stays).toMatchObject({ status: 200 });
  expect([leaves.reply, leavesEarly.reply]).toEqual([undefined, undefined]);
});

test('the front page lists no signed channel, from the moment it is one', () => {
  const { delivery, sign } = live([]);
  const names = () => delivery.liveStreams.map(({ name }) => name);
  expect(names()).toEqual(['show', 'other']);
  sign(['show']);
  expect(names()).toEqual(['other']);
  expect(get(delivery, '/hls/show/index.m3u8').status).toBe(401);
});

test('an edge that shows its secret has what its viewer may see, under the channel in place of the token', async () => {
  const signed = live();
  const { delivery } = signed;
  for (const url of playable) {
    expect(get(delivery, `/t/-${url}`, { edgeSecret }).status, url).toBe(200);
    expect(get(delivery, `/t/show${url}`, { edgeSecret }).status, url).toBe(200);
    expect(get(delivery, `/t/other${url}`, { edgeSecret }).status, url).toBe(403);
    expect(get(delivery, url, { edgeSecret }).status, url).toBe(401);
    for (const name of ['-', 'show']) {
      expect((await getSigned(signed, `/t/${name}${url}`, { edgeSecret: 'guessed' })).status, url).toBe(403);
    }
  }
});

test('an edge that keeps media itself asks whether a token is good, and hears for how long', async () => {
  const signed = live();
  const check = async (token: string, name: string) => await getSigned(signed, `/t/${token}/check/${name}`);
  const long = await check(await signed.token('show', 3600), 'st1');
  expect([long.status, header(long, 'cache-control')]).toEqual([204, 'max-age=60']);
  const short = await check(await signed.token('show', 1), 'show');
  expect([short.status, header(short, 'cache-control')]).toEqual([204, 'max-age=31']);
  expect((await check(await signed.token('other'), 'st1')).status).toBe(403);
  expect((await check('x', 'st1')).status).toBe(403);
  expect(isPlaybackPath('/check/show')).toBe(false);
});

test('whatever stands in place of a token and behind it is answered, and the answer does not say the token', async () => {
  const signed = live();
  const good = await signed.token();
  const token = fc.oneof(
    fc.constant(good),
    fc.constant('show'),
    fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.%~eyJ'), maxLength: 300 }),
    fc.string({ maxLength: 60 }).map((piece) => piece.replaceAll('/', '')),
    fc.nat(good.length - 1).map((at) => `${good.slice(0, at)}~${good.slice(at + 1)}`),
    fc.nat(4000).map((length) => good.padEnd(length, 'A')),
  );
  const path = fc.oneof(
    fc.constantFrom(
      ...playable.map((url) => url.split('?', 1)[0]!),
      '/time',
      '/check/show',
      '/',
      '//',
      '/t/x/hls/show/index.m3u8',
    ),
    fc.string({ unit: fc.constantFrom(...'/.hlsdash-t019showst1%'), maxLength: 60 }).map((rest) => `/${rest}`),
  );
  await fc.assert(
    fc.asyncProperty(token, path, async (shown, rest) => {
      const url = `/t/${shown}${rest}`;
      expect(splitSignedPath(url)).toEqual({ token: shown, path: rest });
      const reply = await getSigned(signed, url.replaceAll('?', ''));
      if (shown !== good && reply.status < 300) expect(rest).toBe('/time');
      if (shown.length > 12) expect(`${reply.headers.join()}${text(reply)}`).not.toContain(shown);
    }),
    { numRuns: 600 },
  );
});
