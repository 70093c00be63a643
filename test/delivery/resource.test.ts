import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { acceptsGzip } from '../../src/delivery/resource.ts';
import { get, header, rig, text } from './viewer.ts';

const segment = '/hls/st1/source/segment-1.m4s';
const playlist = '/hls/st1/source/index.m3u8';

function live() {
  const made = rig();
  const video = made.feeder.video();
  video.segment({ partBytes: 100 });
  return made.delivery;
}

const open = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Age, Date, ETag, Content-Length, Content-Range, CMSD-Static, CMSD-Dynamic',
  'timing-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
};

const rules: readonly [string, number, Record<string, string | undefined>][] = [
  [
    '/hls/st1/index.m3u8',
    200,
    { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'max-age=1', vary: 'Accept-Encoding' },
  ],
  [
    playlist,
    200,
    {
      'content-type': 'application/vnd.apple.mpegurl',
      'cache-control': 'max-age=1, stale-if-error=4',
      vary: 'Accept-Encoding',
    },
  ],
  [`${playlist}?_HLS_msn=1`, 200, { 'cache-control': 'max-age=12' }],
  [
    '/hls/st1/source/ts.m3u8',
    200,
    { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'max-age=1, stale-if-error=4' },
  ],
  [
    '/dash/st1/manifest.mpd',
    200,
    { 'content-type': 'application/dash+xml', 'cache-control': 'max-age=1', vary: 'Accept-Encoding' },
  ],
  [
    segment,
    200,
    {
      'content-type': 'video/mp4',
      'cache-control': 'public, max-age=86400, immutable',
      vary: undefined,
      'accept-ranges': 'bytes',
    },
  ],
  [
    '/dash/st1/source/segment-1.m4s',
    200,
    { 'content-type': 'video/mp4', 'cache-control': 'public, max-age=86400, immutable' },
  ],
  [
    '/hls/st1/source/segment-1.2.m4s',
    200,
    { 'cache-control': 'public, max-age=86400, immutable', etag: '"st1-source-1.2"' },
  ],
  [
    '/hls/st1/source/init-1.mp4',
    200,
    { 'content-type': 'video/mp4', 'cache-control': 'public, max-age=86400, immutable' },
  ],
  ['/time', 200, { 'cache-control': 'no-store' }],
  ['/hls/st1/source/segment-9.m4s', 404, { 'content-type': 'application/problem+json', 'cache-control': 'max-age=1' }],
  ['/hls/nobody/index.m3u8', 404, { 'content-type': 'application/problem+json', 'cache-control': 'max-age=1' }],
  ['/hls/st1/2160p/index.m3u8', 404, { 'cache-control': 'max-age=1' }],
  ['/hls/st1/source/init-2.mp4', 404, { 'cache-control': 'max-age=1' }],
  [`${playlist}?_HLS_part=1`, 400, { 'content-type': 'application/problem+json', 'cache-control': 'max-age=1' }],
];
for (const [url, status, headers] of rules) {
  test(`${url}: ${status}, ${JSON.stringify(headers)}`, () => {
    const reply = get(live(), url);
    expect(reply.status).toBe(status);
    for (const [name, value] of Object.entries({ ...open, ...headers }))
      expect([name, header(reply, name)]).toEqual([name, value]);
    expect(header(reply, 'content-length')).toBe(String(reply.body.reduce((sum, piece) => sum + piece.length, 0)));
  });
}

test('HEAD has the headers of GET and no body', () => {
  for (const [url] of rules) {
    const delivery = live();
    for (const acceptEncoding of [undefined, 'gzip']) {
      const whole = get(delivery, url, { acceptEncoding });
      const head = get(delivery, url, { method: 'HEAD', acceptEncoding });
      expect([head.status, head.headers]).toEqual([whole.status, whole.headers]);
      expect(head.body).toEqual([]);
    }
  }
});

test('texts are compressed once for whoever accepts it, media and ranges never', () => {
  const delivery = live();
  const zipped = get(delivery, playlist, { acceptEncoding: 'br, gzip' });
  expect(header(zipped, 'content-encoding')).toBe('gzip');
  expect(gunzipSync(zipped.body[0]!).toString()).toBe(text(get(delivery, playlist)));
  expect(get(delivery, playlist, { acceptEncoding: 'gzip' })).toBe(zipped);
  expect(header(zipped, 'etag')).not.toBe(header(get(delivery, playlist), 'etag'));
  expect(header(get(delivery, segment, { acceptEncoding: 'gzip' }), 'content-encoding')).toBeUndefined();
  const range = get(delivery, playlist, { acceptEncoding: 'gzip', range: 'bytes=0-6' });
  expect([range.status, header(range, 'content-encoding'), text(range)]).toEqual([206, undefined, '#EXTM3U']);
});

test('which codings are accepted', () => {
  const accepted = ['gzip', 'GZIP', 'br;q=1, gzip;q=0.5', '*', 'x-gzip'];
  const refused = [undefined, '', 'br', 'gzip;q=0', 'gzip; q=0.000', '*;q=0', 'gzip;q=0, *', 'gzipped'];
  expect(accepted.map(acceptsGzip)).toEqual(accepted.map(() => true));
  expect(refused.map(acceptsGzip)).toEqual(refused.map(() => false));
});

test('a tag that matches is answered 304, whatever form was stored', () => {
  const delivery = live();
  for (const url of [playlist, segment, '/dash/st1/manifest.mpd']) {
    const tag = header(get(delivery, url), 'etag')!;
    for (const ifNoneMatch of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      const reply = get(delivery, url, { ifNoneMatch });
      expect([reply.status, reply.body.length, header(reply, 'etag')]).toEqual([304, 0, tag]);
      expect(header(reply, 'cache-control')).toBe(header(get(delivery, url), 'cache-control'));
    }
    expect(get(delivery, url, { ifNoneMatch: '"other"' }).status).toBe(200);
    expect(
      get(delivery, url, { ifNoneMatch: header(get(delivery, url, { acceptEncoding: 'gzip' }), 'etag') }).status,
    ).toBe(304);
  }
});

test('one range is given, as views on the shared bytes; several are the whole; a bad one is 416', () => {
  const delivery = live();
  const whole = Buffer.concat(get(delivery, segment).body);
  const size = whole.length;
  for (const [range, first, last] of [
    ['bytes=0-0', 0, 0],
    ['bytes=0-', 0, size - 1],
    ['bytes=5-9', 5, 9],
    ['bytes=-7', size - 7, size - 1],
    [`bytes=-${size + 99}`, 0, size - 1],
    [`bytes=150-${size + 5}`, 150, size - 1],
    ['bytes=100-400', 100, 400],
  ] as const) {
    const reply = get(delivery, segment, { range });
    expect([reply.status, header(reply, 'content-range')]).toEqual([206, `bytes ${first}-${last}/${size}`]);
    expect(Buffer.concat(reply.body).equals(whole.subarray(first, last + 1))).toBe(true);
    const shared = get(delivery, segment).body.map((piece) => piece.buffer);
    for (const piece of reply.body) expect(shared).toContain(piece.buffer);
  }
  for (const range of ['bytes=0-1,3-4', 'bytes=', 'bytes=9-5', 'items=0-1', 'bytes=a-b', 'bytes=-']) {
    expect(get(delivery, segment, { range }).status).toBe(200);
  }
  for (const range of [`bytes=${size}-`, 'bytes=99999999-', 'bytes=-0']) {
    const reply = get(delivery, segment, { range });
    expect([reply.status, header(reply, 'content-range')]).toEqual([416, `bytes */${size}`]);
  }
  expect(get(delivery, segment, { range: 'bytes=0-1', ifRange: '"other"' }).status).toBe(200);
  expect(get(delivery, segment, { range: 'bytes=0-1', ifRange: header(get(delivery, segment), 'etag') }).status).toBe(
    206,
  );
});

test('equal requests get the very same reply', () => {
  const delivery = live();
  for (const url of [playlist, segment, '/hls/st1/source/segment-1.0.m4s'])
    expect(get(delivery, url)).toBe(get(delivery, url));
});

test('a preflight allows CMCD in headers, other methods are refused', () => {
  const delivery = live();
  const preflight = get(delivery, segment, { method: 'OPTIONS' });
  expect(preflight.status).toBe(204);
  expect(header(preflight, 'access-control-allow-headers')).toContain(
    'CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status',
  );
  expect(header(preflight, 'access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
  expect(header(preflight, 'access-control-max-age')).toBe('86400');
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const reply = get(delivery, segment, { method });
    expect([reply.status, header(reply, 'allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  }
});

test('requests are counted by what they asked for and how they were answered', () => {
  const delivery = live();
  get(delivery, playlist);
  get(delivery, playlist);
  get(delivery, segment);
  get(delivery, '/hls/st1/source/segment-5.m4s');
  expect(delivery.stats().requests).toEqual({ playlist: { 200: 2 }, segment: { 200: 1, 404: 1 } });
});
