import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePlaybackPath } from '../../src/delivery/playback-path.ts';

const known = [
  ['/time', { type: 'time' }],
  ['/hls/show/index.m3u8', { type: 'multivariant', id: 'show', container: 'cmaf' }],
  ['/hls/show/ts.m3u8', { type: 'multivariant', id: 'show', container: 'ts' }],
  ['/hls/st_1/720p60/index.m3u8', { type: 'playlist', id: 'st_1', quality: '720p60', container: 'cmaf' }],
  ['/hls/st_1/source/ts.m3u8', { type: 'playlist', id: 'st_1', quality: 'source', container: 'ts' }],
  ['/hls/st_1/audio/init-12.mp4', { type: 'init', id: 'st_1', quality: 'audio', version: 12 }],
  ['/hls/a/b/segment-7.m4s', { type: 'segment', id: 'a', quality: 'b', msn: 7, protocol: 'hls' }],
  ['/hls/a/b/segment-7.0.m4s', { type: 'part', id: 'a', quality: 'b', msn: 7, index: 0 }],
  ['/hls/a/b/segment-7.ts', { type: 'ts-segment', id: 'a', quality: 'b', msn: 7 }],
  ['/dash/a/manifest.mpd', { type: 'manifest', id: 'a' }],
  ['/dash/a/b/init-1.mp4', { type: 'init', id: 'a', quality: 'b', version: 1 }],
  ['/thumb/show.jpg', { type: 'thumbnail', id: 'show' }],
  ['/dash/a/b/segment-7.m4s', { type: 'segment', id: 'a', quality: 'b', msn: 7, protocol: 'dash' }],
] as const;

for (const [path, target] of known) {
  test(`${path} is a ${target.type}`, () => expect(parsePlaybackPath(path)).toEqual(target));
}

const unknown = [
  '/thumb/show.jpeg',
  '/thumb/a/b.jpg',
  '/thumb/.jpg',
  '/hls/a/b/segment-07.m4s',
  '/hls/a/b/segment-0.m4s',
  '/hls/a/b/segment-7.00.m4s',
  '/hls/a/b/segment-7.1.ts',
  '/hls/a/b/segment--7.m4s',
  '/hls/a/b/segment-7e3.m4s',
  '/hls/a/b/segment-99999999999999999.m4s',
  '/dash/a/b/segment-7.1.m4s',
  '/dash/a/b/segment-7.ts',
  '/dash/a/index.m3u8',
  '/hls/a/manifest.mpd',
  '/hls/a%2f/index.m3u8',
  '/hls/../index.m3u8',
  '/hls//index.m3u8',
  '/hls/a/b/c/index.m3u8',
  '/hls/a/b/index.m3u8/',
  '/hls/a/B/index.m3u8',
  `/hls/${'a'.repeat(65)}/index.m3u8`,
];
for (const path of unknown) test(`${path} names nothing`, () => expect(parsePlaybackPath(path)).toBeUndefined());

test('any text is a target or nothing, and what is found is spelled back the same', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const target = parsePlaybackPath(`/hls/a/b/${text}`);
      if (target?.type === 'segment') expect(text).toBe(`segment-${target.msn}.m4s`);
      if (target?.type === 'part') expect(text).toBe(`segment-${target.msn}.${target.index}.m4s`);
    }),
  );
});
