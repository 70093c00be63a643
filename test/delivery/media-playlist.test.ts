import { expect, test } from 'vitest';
import { parseMedia } from './strict-playlist.ts';
import { getText, rig } from './viewer.ts';

const url = '/hls/st1/source/index.m3u8';

test('a low-latency playlist says where every segment and part is, when it was, and what comes next', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  const audio = feeder.audio();
  audio.segment();
  for (let i = 0; i < 3; i++) video.segment();
  video.open();
  video.part();
  const text = getText(delivery, url);
  expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:00.000Z
#EXTINF:2.00000,
segment-1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:02.000Z
#EXT-X-PART:DURATION=0.50000,URI="segment-2.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.50000,URI="segment-2.1.m4s"
#EXT-X-PART:DURATION=0.50000,URI="segment-2.2.m4s"
#EXT-X-PART:DURATION=0.50000,URI="segment-2.3.m4s"
#EXTINF:2.00000,
segment-2.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:04.000Z
#EXT-X-PART:DURATION=0.50000,URI="segment-3.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.50000,URI="segment-3.1.m4s"
#EXT-X-PART:DURATION=0.50000,URI="segment-3.2.m4s"
#EXT-X-PART:DURATION=0.50000,URI="segment-3.3.m4s"
#EXTINF:2.00000,
segment-3.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T12:00:06.000Z
#EXT-X-PART:DURATION=0.50000,URI="segment-4.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment-4.1.m4s"
#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=1,LAST-PART=3
`);
  parseMedia(text);
});

test('by the channel name media is referred to under the id of the stream', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  feeder.audio().segment();
  video.segment();
  const text = getText(delivery, '/hls/show/source/index.m3u8');
  parseMedia(text);
  const uris = [...text.matchAll(/URI="([^"]+)"/g)].map((match) => match[1]);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toEqual(['../../st1/source/segment-1.m4s']);
  expect(uris).toEqual([
    '../../st1/source/init-1.mp4',
    '../../st1/source/segment-1.0.m4s',
    '../../st1/source/segment-1.1.m4s',
    '../../st1/source/segment-1.2.m4s',
    '../../st1/source/segment-1.3.m4s',
    '../../st1/source/segment-2.0.m4s',
    '../../st1/audio/index.m3u8',
  ]);
});

test('the sequence tags of a sliding playlist leave the numbers of its segments unchanged', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  const seen = new Map<number, { uri: string; discontinuitySequence: number }>();
  for (let i = 0; i < 30; i++) {
    video.segment({ isDiscontinuity: i % 5 === 2 });
    const playlist = parseMedia(getText(delivery, url));
    let sequence = playlist.discontinuitySequenceBase ?? 0;
    for (const segment of playlist.segments.filter((one) => one.uri !== '')) {
      if (segment.discontinuity) sequence++;
      const before = seen.get(segment.mediaSequenceNumber);
      const now = { uri: segment.uri, discontinuitySequence: sequence };
      if (before !== undefined) expect(now).toEqual(before);
      seen.set(segment.mediaSequenceNumber, now);
    }
  }
  expect(seen.size).toBe(30);
  expect([...seen.values()].at(-1)?.discontinuitySequence).toBe(6);
});

test('a new encoding has a new EXT-X-MAP, before its first part and after the discontinuity', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.segment();
  video.describe(2);
  video.open({ isDiscontinuity: true });
  expect(getText(delivery, url)).not.toContain('init-2');
  video.part();
  const text = getText(delivery, url);
  parseMedia(text);
  const tail = text.slice(text.indexOf('segment-1.m4s\n') + 14);
  expect(tail.split('\n').map((line) => line.split(/[:=]/)[0])).toEqual([
    '#EXT-X-DISCONTINUITY',
    '#EXT-X-MAP',
    '#EXT-X-PROGRAM-DATE-TIME',
    '#EXT-X-PART',
    '#EXT-X-PRELOAD-HINT',
    '',
  ]);
});

test('absent media is a gap, with the version that gaps need', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.segment();
  feeder.interrupt();
  video.gap(2000);
  const during = getText(delivery, url);
  expect(parseMedia(during).segments.map((segment) => segment.gap)).toEqual([undefined, true]);
  expect(during).toContain('#EXT-X-VERSION:8\n');
  expect(during).not.toContain('PRELOAD-HINT');
  feeder.interrupt(false);
  video.segment({ isDiscontinuity: true });
  const after = getText(delivery, url);
  parseMedia(after);
  expect(after).toContain('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment-4.0.m4s"');
});

test('a segment that breaks off keeps the parts that were listed, and is a gap as long as it had to be', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.segment();
  video.open();
  video.part();
  const before = getText(delivery, url);
  video.break(2000);
  video.segment();
  const text = getText(delivery, url);
  parseMedia(text);
  const [, broken = ''] =
    /\n(#EXT-X-PROGRAM-DATE-TIME:[^\n]*\n#EXT-X-PART[^\n]*segment-2\.0\.m4s[\s\S]*segment-2\.m4s)\n/.exec(text) ?? [];
  expect(before).toContain(broken.split('\n').slice(0, 2).join('\n'));
  expect(broken.split('\n').slice(2)).toEqual([
    '#EXT-X-PART:DURATION=0.50000,URI="segment-2.1.m4s",GAP=YES',
    '#EXT-X-PART:DURATION=0.50000,URI="segment-2.2.m4s",GAP=YES',
    '#EXT-X-PART:DURATION=0.50000,URI="segment-2.3.m4s",GAP=YES',
    '#EXT-X-GAP',
    '#EXTINF:2.00000,',
    'segment-2.m4s',
  ]);
});

test('the hint goes over to the next segment when a part is expected to be the last', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.segment();
  video.open();
  video.part();
  expect(getText(delivery, url)).toContain('PRELOAD-HINT:TYPE=PART,URI="segment-2.1.m4s"');
  video.part({ isLast: true });
  expect(getText(delivery, url)).toContain('PRELOAD-HINT:TYPE=PART,URI="segment-3.0.m4s"');
});

test('parts leave the playlist when they are three target durations from its end, whatever the segments last', () => {
  for (const [parts, partMs] of [
    [4, 500],
    [1, 500],
    [2, 400],
    [5, 480],
  ] as const) {
    const { delivery, feeder } = rig();
    const video = feeder.video();
    for (let i = 0; i < 20; i++) {
      video.open();
      for (let j = 0; j < parts; j++) {
        video.part({ partMs });
        if (i === 0) continue;
        const text = getText(delivery, url);
        const listed = [...text.matchAll(/#EXT-X-PART:DURATION=([\d.]+)/g)].reduce(
          (sum, one) => sum + Number(one[1]),
          0,
        );
        expect(listed).toBeLessThanOrEqual(6 + 1e-6);
        const total = Math.min(2 + 0.5, (video.endMs - 500) / 1000);
        expect(listed).toBeGreaterThanOrEqual(Math.min(1.5, total));
      }
      video.close();
    }
  }
});

test('the end is an ENDLIST without a hint or reports', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  feeder.audio().segment();
  video.segment();
  feeder.end();
  const text = getText(delivery, url);
  expect(parseMedia(text).endlist).toBe(true);
  expect(text.endsWith('segment-1.m4s\n#EXT-X-ENDLIST\n')).toBe(true);
});

test('a delta update merged with what it skips is the whole playlist', () => {
  const { delivery, feeder } = rig({ windowMs: 40_000 });
  const video = feeder.video();
  for (let i = 0; i < 25; i++) {
    if (i === 20) video.describe(2);
    video.segment({ isDiscontinuity: i === 20 || i === 3 });
    if (i % 3 === 1) {
      video.open();
      video.part();
    }
    const full = getText(delivery, url).split('\n');
    for (const [skip, version] of [
      ['YES', 9],
      ['v2', 10],
    ] as const) {
      const text = getText(delivery, `${url}?_HLS_skip=${skip}`);
      const delta = text.split('\n');
      const at = delta.findIndex((line) => line.startsWith('#EXT-X-SKIP'));
      if (at < 0) {
        expect(delta).toEqual(full);
        expect(i).toBeLessThan(8);
        continue;
      }
      parseMedia(text);
      expect(delta[1]).toBe(`#EXT-X-VERSION:${version}`);
      const skipped = Number(delta[at]?.split('=')[1]);
      const merged = [...delta.slice(2, at), ...withoutSegments(full, skipped)];
      expect(merged.slice(at - 2)).toEqual(delta.slice(at + 1));
      expect(delta.slice(2, at)).toEqual(full.slice(2, at));
      expect(remaining(delta)).toBeGreaterThanOrEqual(12);
    }
    if (i % 3 === 1) {
      video.part();
      video.close();
    }
  }
});

/** The lines after the first `count` segments, with the EXT-X-MAP that applies repeated. */
function withoutSegments(full: string[], count: number): string[] {
  let map = '';
  let seen = 0;
  let at = full.findIndex((line) => line.startsWith('#EXT-X-DISCONTINUITY-SEQUENCE')) + 1;
  for (; seen < count; at++) {
    if (full[at]?.startsWith('#EXT-X-MAP')) map = full[at]!;
    if (full[at] !== '' && !full[at]?.startsWith('#')) seen++;
  }
  const rest = full.slice(at);
  const firstUri = rest.findIndex((line) => line !== '' && !line.startsWith('#'));
  if (rest.slice(0, firstUri).some((line) => line.startsWith('#EXT-X-MAP'))) return rest;
  return [map, ...rest];
}

function remaining(lines: string[]): number {
  return lines.reduce((sum, line) => sum + (line.startsWith('#EXTINF:') ? Number.parseFloat(line.slice(8)) : 0), 0);
}

test('the first part behind a discontinuity is not hinted: a player that took it would still have the old init segment', () => {
  const { delivery, feeder } = rig();
  const video = feeder.video();
  video.segment();
  video.describe(2);
  video.open({ isDiscontinuity: true });
  const playlist = () => getText(delivery, '/hls/st1/source/index.m3u8');
  expect(playlist()).not.toContain('PRELOAD-HINT');
  video.part();
  expect(playlist()).toMatch(
    /#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init-2.mp4"\n(.*\n)*#EXT-X-PRELOAD-HINT:TYPE=PART,URI="segment-2.1.m4s"/,
  );
});
