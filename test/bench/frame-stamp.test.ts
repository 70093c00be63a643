import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseVideoTagBody } from '../../src/media/flv/tag.ts';
import { nalUnitEnd } from '../../src/media/nal-units.ts';
import { loadClip } from '../../src/publisher/flv-clip.ts';
import { elementaryStreams, findStamps, stampFrame } from './frame-stamp.ts';
import { readPlaylist } from './hls-playlist.ts';
import { distributionOf } from './percentiles.ts';

const clip = await loadClip(join(import.meta.dirname, '../../packaging/sample/sample.flv'));
const video = clip.tags.filter((tag) => tag.type === 'video');

test('a stamped frame is still a frame, with one NAL unit more', () => {
  for (const [number, { body }] of video.entries()) {
    const stamped = stampFrame(body, number);
    const tag = parseVideoTagBody(body);
    const stampedTag = parseVideoTagBody(stamped);
    expect(stampedTag.type).toBe(tag.type);
    if (tag.type !== 'frame' || stampedTag.type !== 'frame') continue;
    expect(stampedTag).toMatchObject({ isSync: tag.isSync, compositionOffsetMs: tag.compositionOffsetMs });
    expect(new Uint8Array(stampedTag.data.subarray(nalUnitEnd(stampedTag.data, 0, 4)))).toEqual(tag.data);
  }
});

test('stamps are found again, in order, whatever lies between', () => {
  const frames = video.slice(1, 40).map(({ body }, index) => stampFrame(body, index * 1_000_003));
  expect(findStamps(Buffer.concat(frames))).toEqual(frames.map((_, index) => index * 1_000_003));
  expect(findStamps(Buffer.concat(video.map(({ body }) => body)))).toEqual([]);
});

test('a stamp cut by the packets of MPEG-TS is found in its elementary stream', () => {
  const frame = stampFrame(video[1]?.body ?? new Uint8Array(0), 42);
  const packets: Uint8Array[] = [];
  for (let at = 0; at < frame.length; at += 20) {
    const payload = frame.subarray(at, at + 20);
    const packet = new Uint8Array(188).fill(0xff);
    packet.set([0x47, 0x41, 0x00, 0x30, 183 - payload.length]);
    packet.set(payload, 188 - payload.length);
    packets.push(packet, Uint8Array.of(0x47, 0x41, 0x01, 0x10, ...new Uint8Array(184)));
  }
  const ts = Buffer.concat(packets);
  expect(findStamps(ts)).toEqual([]);
  expect(elementaryStreams(ts).flatMap(findStamps)).toEqual([42]);
});

test('the next part of a playlist follows the last one listed', () => {
  const head = '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:2,\ns7\n#EXT-X-PART:DURATION=0.5,URI="p8.0"\n';
  const url = 'http://h/a/b.m3u8';
  expect(readPlaylist(head, url)).toEqual({
    segments: ['http://h/a/s7'],
    parts: ['http://h/a/p8.0'],
    next: { msn: 8, part: 1 },
  });
  expect(readPlaylist(`${head}#EXTINF:2,\ns8\n`, url).next).toEqual({ msn: 9, part: 0 });
  expect(readPlaylist('#EXTM3U\n#EXTINF:2,\ns0.ts\n', url).next).toBeUndefined();
});

test('percentiles are values that were measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(distributionOf(hundred)).toEqual({ count: 100, p50: 50, p95: 95, p99: 99, max: 100 });
  expect(distributionOf([3])).toEqual({ count: 1, p50: 3, p95: 3, p99: 3, max: 3 });
  expect(distributionOf([])).toBeUndefined();
});
