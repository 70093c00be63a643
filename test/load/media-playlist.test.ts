import { expect, test } from 'vitest';
import { listPlaylist } from '../../src/load/media-playlist.ts';
import { lowLatencyPlaylist } from './spoken-playlist.ts';

test('a low-latency playlist: segments, parts, when they end, and what comes next', () => {
  const playlist = listPlaylist(lowLatencyPlaylist({ firstMsn: 5, segments: 2, openParts: 1 }));
  expect(playlist).toMatchObject({ targetDurationMs: 2000, partTargetMs: 500, partHoldBackMs: 1500, isEnded: false });
  expect(playlist.initializationUri).toBe('init.mp4');
  expect(playlist.segments.map(({ uri, msn }) => [uri, msn])).toEqual([
    ['s5.m4s', 5],
    ['s6.m4s', 6],
  ]);
  expect(playlist.parts.map(({ uri }) => uri)).toEqual([
    's5.0.m4s',
    's5.1.m4s',
    's5.2.m4s',
    's5.3.m4s',
    's6.0.m4s',
    's6.1.m4s',
    's6.2.m4s',
    's6.3.m4s',
    's7.0.m4s',
  ]);
  expect(playlist.parts.filter(({ isIndependent }) => isIndependent).map(({ uri }) => uri)).toEqual([
    's5.0.m4s',
    's6.0.m4s',
    's7.0.m4s',
  ]);
  expect(playlist.next).toEqual({ msn: 7, part: 1 });
  const endOf = (uri: string) => [...playlist.parts, ...playlist.segments].find((media) => media.uri === uri)!.endMs;
  expect(endOf('s5.3.m4s')).toBe(endOf('s5.m4s'));
  expect(endOf('s7.0.m4s') - endOf('s6.m4s')).toBe(500);
  expect(endOf('s5.m4s')).toBe(Date.UTC(2026, 0, 1) + 6 * 2000);
});

test('a gap is no media, and counts as a number', () => {
  const text =
    '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:3\n#EXTINF:2,\na\n#EXT-X-GAP\n#EXTINF:2,\nb\n#EXTINF:2,\nc\n';
  const { segments, next, partTargetMs } = listPlaylist(text);
  expect(segments.map(({ uri, msn, endMs }) => [uri, msn, endMs])).toEqual([
    ['a', 3, 2000],
    ['c', 5, 6000],
  ]);
  expect(next).toEqual({ msn: 6, part: 0 });
  expect(partTargetMs).toBe(0);
});

test('what is no playlist is refused', () => {
  expect(() => listPlaylist('{"status":503}')).toThrow('not a playlist');
});
