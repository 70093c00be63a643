import { afterEach, expect, test, vi } from 'vitest';
import { readWatchAddress } from '../../src/web/watch/address.ts';
import {
  clockAheadMs,
  delayBeforeMs,
  identityOf,
  lookForBroadcast,
  waitForBroadcast,
} from '../../src/web/watch/broadcast.ts';
import { formatBitrate, formatLatency, latencySeconds } from '../../src/web/watch/format.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('the address of a watch page gives an absolute playlist URL', () => {
  expect(readWatchAddress('http://host:8080/watch/morning-show?x=1')).toEqual({
    name: 'morning-show',
    isEmbedded: false,
    playlistUrl: 'http://host:8080/hls/morning-show/index.m3u8',
    reportUrl: 'http://host:8080/cmcd',
    posterUrl: 'http://host:8080/thumb/morning-show.jpg',
    shareUrl: 'http://host:8080/watch/morning-show',
  });
});

test('an embedded player passes on the link of the watch page', () => {
  expect(readWatchAddress('https://host/embed/a%20b')).toMatchObject({
    name: 'a b',
    isEmbedded: true,
    shareUrl: 'https://host/watch/a%20b',
  });
});

test('behind the token of a signed link everything stays behind it', () => {
  expect(readWatchAddress('https://host/t/e.y.J/watch/show')).toMatchObject({
    name: 'show',
    playlistUrl: 'https://host/t/e.y.J/hls/show/index.m3u8',
    posterUrl: 'https://host/t/e.y.J/thumb/show.jpg',
    shareUrl: 'https://host/t/e.y.J/watch/show',
  });
});

test('a URL without a stream is no watch address, and a stray percent sign does no harm', () => {
  expect(readWatchAddress('https://host/watch/')).toBeUndefined();
  expect(readWatchAddress('https://host/watch/100%')?.name).toBe('100%');
});

test('a broadcast is known by where its media lies', () => {
  const playlist = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n../str_1/source/index.m3u8\n';
  expect(identityOf(playlist, 'http://h/hls/show/index.m3u8')).toBe('http://h/hls/str_1/source/index.m3u8');
  expect(identityOf('<html>', 'http://h/hls/show/index.m3u8')).toBeUndefined();
});

test('looks become rarer, from one second to five', () => {
  const delays = [1, 2, 3, 4, 5, 6, 60].map(delayBeforeMs);
  expect(delays[0]).toBe(1000);
  expect(delays.at(-1)).toBe(5000);
  expect(delays).toEqual(delays.toSorted((a, b) => a - b));
});

test('a clock is only corrected by more than a Date header can tell', () => {
  const header = 'Sun, 22 Nov 2026 12:00:00 GMT';
  const serverMs = Date.parse(header) + 500;
  expect(clockAheadMs(header, serverMs + 900)).toBe(0);
  expect(clockAheadMs(header, serverMs - 60_000)).toBe(-60_000);
  expect(clockAheadMs(null, serverMs)).toBe(0);
});

function playlistServer(...answers: (string | number)[]): void {
  let next = 0;
  vi.stubGlobal('fetch', () => {
    const answer = answers[Math.min(next++, answers.length - 1)] ?? 404;
    return Promise.resolve(
      typeof answer === 'number' ? new Response('', { status: answer }) : new Response(answer, { status: 200 }),
    );
  });
}

const listing = (streamId: string) => `#EXTM3U\n../${streamId}/source/index.m3u8\n`;

async function waited(ended: string | undefined, ...answers: (string | number)[]) {
  vi.useFakeTimers();
  playlistServer(...answers);
  const absences: string[] = [];
  const waiting = waitForBroadcast(
    'http://h/hls/show/index.m3u8',
    ended,
    (absence) => absences.push(absence),
    AbortSignal.timeout(600_000),
  );
  await vi.advanceTimersByTimeAsync(120_000);
  return { broadcast: await waiting, absences };
}

test('the page keeps looking until the broadcast begins, and says why there is none', async () => {
  const { broadcast, absences } = await waited(undefined, 404, 503, 500, listing('str_1'));
  expect(absences).toEqual(['offline', 'starting', 'unreachable']);
  expect(broadcast.identity).toBe('http://h/hls/str_1/source/index.m3u8');
});

test.each([
  ['link-missing', 401, 'ACCESS_PLAYBACK_TOKEN_MISSING'],
  ['link-expired', 401, 'ACCESS_PLAYBACK_TOKEN_EXPIRED'],
  ['link-invalid', 403, 'ACCESS_PLAYBACK_TOKEN_INVALID'],
  ['link-invalid', 403, 'words of a CDN'],
])('a refusal is told as %s', async (absence, status, code) => {
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify({ code }), { status }));
  expect(await lookForBroadcast('http://h/hls/show/index.m3u8', new AbortController().signal)).toEqual({ absence });
});

test('an ended broadcast that is still listed is not taken for the next one', async () => {
  const ended = 'http://h/hls/str_1/source/index.m3u8';
  const { broadcast } = await waited(ended, listing('str_1'), listing('str_1'), listing('str_2'));
  expect(broadcast.identity).toBe('http://h/hls/str_2/source/index.m3u8');
});

test('latency is told by the frame on screen, unless the clocks make nonsense of it', () => {
  expect(latencySeconds(1000, 3500, 0)).toBe(2.5);
  expect(latencySeconds(1000, 63_500, 60_000)).toBe(2.5);
  expect(latencySeconds(5000, 3500, 0)).toBeUndefined();
  expect(formatLatency(2.54)).toBe('2.5 s');
  expect(formatLatency(25.4)).toBe('25 s');
  expect(formatBitrate(2_540_000)).toBe('2.5 Mbit/s');
  expect(formatBitrate(96_400)).toBe('96 kbit/s');
});
