import { expect, test } from 'vitest';
import { FollowedRendition } from '../../src/load/followed-rendition.ts';
import { HlsViewer } from '../../src/load/hls-viewer.ts';
import { LlHlsViewer } from '../../src/load/ll-hls-viewer.ts';
import type { SimulatedViewer } from '../../src/load/simulated-viewer.ts';
import { lowLatencyPlaylist } from './spoken-playlist.ts';

const partMs = 500;
const partsBefore = 40;

/** The playlist after so much time: one part each half second, behind ten segments that were there at 0. */
function playlistAt(ms: number): string {
  const parts = partsBefore + Math.floor(ms / partMs);
  const complete = Math.floor(parts / 4);
  return lowLatencyPlaylist({
    firstMsn: Math.max(0, complete - 6),
    segments: Math.min(6, complete),
    openParts: parts % 4,
  });
}

/** Plays a viewer against a server and a network that take `answerMs`, on a clock of its own. */
function play(
  viewer: SimulatedViewer,
  rendition: FollowedRendition,
  options: {
    readonly fromMs: number;
    readonly untilMs: number;
    readonly answerMs: (nowMs: number, uri: string) => number;
  },
): string[] {
  const fetched: string[] = [];
  let nowMs = options.fromMs;
  while (nowMs < options.untilMs) {
    const wanted = viewer.next(nowMs);
    if (typeof wanted === 'number') {
      expect(wanted).toBeGreaterThan(nowMs);
      nowMs = wanted;
      continue;
    }
    const requestedMs = nowMs;
    if (wanted.kind === 'playlist') {
      fetched.push(`playlist@${nowMs}`);
      nowMs += options.answerMs(nowMs, 'playlist');
      if (wanted.isBlocking) nowMs = Math.max(nowMs, releasedAt(wanted.head));
      const version = rendition.versionOf(Buffer.from(playlistAt(nowMs)), undefined, nowMs);
      viewer.gotPlaylist(version, requestedMs, nowMs);
    } else {
      fetched.push(wanted.uri);
      nowMs += options.answerMs(nowMs, wanted.uri);
      viewer.gotMedia(wanted, nowMs);
    }
  }
  viewer.buffer.finish(options.untilMs);
  return fetched;
}

function releasedAt(head: string): number {
  const [, msn, part] = /_HLS_msn=(\d+)&_HLS_part=(\d+) HTTP/.exec(head)!.map(Number);
  return (msn! * 4 + part! + 1 - partsBefore) * partMs;
}

function newRendition(): FollowedRendition {
  return new FollowedRendition('http://127.0.0.1:8080/hls/show/source/index.m3u8');
}

test('a viewer of plain HLS asks once a target duration, takes each segment once, and does not stall', () => {
  const rendition = newRendition();
  const viewer = new HlsViewer(rendition);
  const fetched = play(viewer, rendition, { fromMs: 100, untilMs: 20_000, answerMs: () => 1 });
  expect(fetched.slice(0, 5)).toEqual(['playlist@100', 'init.mp4', 's7.m4s', 's8.m4s', 's9.m4s']);
  expect(fetched.slice(5)).toEqual(
    Array.from({ length: 9 }, (_, index) => [`playlist@${2100 + 2000 * index}`, `s${10 + index}.m4s`]).flat(),
  );
  expect(viewer.buffer).toMatchObject({ stalls: 0, isPlaying: true });
});

test('a viewer of plain HLS that finds no new segment asks again after half a target duration', () => {
  const rendition = newRendition();
  const viewer = new HlsViewer(rendition);
  const version = rendition.versionOf(Buffer.from(playlistAt(0)), undefined, 0);
  viewer.gotPlaylist(version, 0);
  for (let wanted = viewer.next(10); typeof wanted === 'object' && wanted.kind === 'media'; wanted = viewer.next(10)) {
    viewer.gotMedia(wanted, 10);
  }
  expect(viewer.next(10)).toBe(2000);
  viewer.gotPlaylist(version, 2000);
  expect(viewer.next(2001)).toBe(3000);
  expect(viewer.next(3000)).toBe(rendition.reload);
});

test('viewers that asked late because their machine stood still go back to their own times', () => {
  const rendition = newRendition();
  const viewer = new HlsViewer(rendition);
  const version = rendition.versionOf(Buffer.from(playlistAt(0)), undefined, 0);
  viewer.gotPlaylist(version, 10_000);
  for (let wanted = viewer.next(10_000); typeof wanted === 'object'; wanted = viewer.next(10_000)) {
    if (wanted.kind === 'media') viewer.gotMedia(wanted, 10_000);
  }
  expect(viewer.next(10_001)).toBe(12_000);
  viewer.gotPlaylist(version, 12_900);
  expect(viewer.next(12_901)).toBe(13_000);
  viewer.gotPlaylist(version, 15_000);
  expect(viewer.next(15_001)).toBe(16_000);
});

test('a viewer stalls when media comes too late, and says for how long', () => {
  const rendition = newRendition();
  const viewer = new HlsViewer(rendition);
  const answerMs = (_: number, uri: string) => (uri === 's10.m4s' ? 7000 : 1);
  play(viewer, rendition, { fromMs: 0, untilMs: 20_000, answerMs });
  expect(viewer.buffer.stalls).toBe(1);
  // It plays from 5 ms on, has 6 s, and gets s10 at 9.001 s.
  expect(viewer.buffer.stalledMs).toBeCloseTo(2996, 0);
});

test('a stall that never ends counts', () => {
  const rendition = newRendition();
  const viewer = new HlsViewer(rendition);
  const answerMs = (_: number, uri: string) => (uri === 's10.m4s' ? 60_000 : 1);
  play(viewer, rendition, { fromMs: 0, untilMs: 20_000, answerMs });
  expect(viewer.buffer.stalls).toBe(1);
});

test('a low-latency viewer starts at an independent part behind PART-HOLD-BACK, then takes each part when it is listed', () => {
  const rendition = newRendition();
  const viewer = new LlHlsViewer(rendition);
  const fetched = play(viewer, rendition, { fromMs: 750, untilMs: 4000, answerMs: () => 2 });
  const media = fetched.filter((name) => !name.startsWith('playlist'));
  const live = ['s10.1.m4s', 's10.2.m4s', 's10.3.m4s', 's11.0.m4s', 's11.1.m4s', 's11.2.m4s'];
  expect(media).toEqual(['init.mp4', 's9.0.m4s', 's9.1.m4s', 's9.2.m4s', 's9.3.m4s', 's10.0.m4s', ...live]);
  expect(fetched.length - media.length).toBe(1 + live.length + 1); // the last one is not answered in time
  expect(viewer).toMatchObject({ judgedParts: live.length, lateParts: 0 });
  expect(viewer.buffer).toMatchObject({ stalls: 0, isPlaying: true });
});

test('a part is late when it comes more than a part target after it was due', () => {
  const rendition = newRendition();
  const viewer = new LlHlsViewer(rendition);
  const answerMs = (_: number, uri: string) => (uri === 's11.0.m4s' ? 501 : uri === 's12.0.m4s' ? 490 : 0);
  play(viewer, rendition, { fromMs: 750, untilMs: 10_000, answerMs });
  expect(viewer.lateParts).toBe(1);
  expect(viewer.buffer.stalls).toBe(0);
});

test('a blocking reload that brings nothing is not repeated at once', () => {
  const rendition = newRendition();
  const viewer = new LlHlsViewer(rendition);
  const version = rendition.versionOf(Buffer.from(playlistAt(0)), undefined, 0);
  viewer.gotPlaylist(version, 0);
  for (let wanted = viewer.next(0); typeof wanted === 'object' && wanted.kind === 'media'; wanted = viewer.next(0)) {
    viewer.gotMedia(wanted, 0);
  }
  viewer.gotPlaylist(version, 1000);
  expect(viewer.next(1001)).toBe(1500);
});

test('a playlist without parts cannot be followed by parts', () => {
  const rendition = newRendition();
  const text = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n';
  const version = rendition.versionOf(Buffer.from(text), undefined, 0);
  expect(() => new LlHlsViewer(rendition).gotPlaylist(version, 0)).toThrow('lists no parts');
});
