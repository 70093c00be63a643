import { expect, test } from 'vitest';
import { listPlaylist } from '../../../src/load/media-playlist.ts';
import { isFresh } from './freshness.ts';

const beganMs = Date.parse('2026-01-01T00:00:00Z');
const playlist = listPlaylist(`#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:2.0,
segment-1.m4s
#EXT-X-PART:DURATION=0.5,URI="segment-2.0.m4s"
#EXT-X-GAP
#EXTINF:2.0,
segment-2.m4s
`);
const long = 60_000;

test('media is fresh until its newest part is older than three target durations', () => {
  expect(isFresh(playlist, beganMs + 8500, long)).toBe(true);
  expect(isFresh(playlist, beganMs + 8501, long)).toBe(false);
});

test('who has just come has three target durations to bring something', () => {
  expect(isFresh(playlist, beganMs + long, 6000)).toBe(true);
  expect(isFresh(playlist, beganMs + long, 6001)).toBe(false);
});
