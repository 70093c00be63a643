import { describe, expect, test } from 'vitest';
import { writeTsSegment } from '../../../src/media/mpegts/segment.ts';
import type { AudioConfig, VideoConfig } from '../../../src/media/track.ts';
import { walkTs } from '../../support/ts-walker.ts';
import { clipMatrix } from '../clip-matrix.ts';
import { makeFlv } from '../clips.ts';
import { decodedFrames, probePackets } from '../decoded.ts';
import { readClip } from '../flv-clip.ts';
import { tsSegments } from './ts-segments.ts';

const wrap90k = 2 ** 33;

describe.each(clipMatrix)('MPEG-TS of $name', ({ options }) => {
  const flv = makeFlv(options);
  const clip = readClip(flv);
  const segments = tsSegments(clip);
  const stream = Buffer.concat(segments);

  test.each(['video', 'audio'] as const)('%s decodes to the frames of the FLV', (kind) => {
    const decoded = decodedFrames(stream, 'stream.ts', kind);
    expect(decoded).toHaveLength(clip[kind]!.frames.length);
    expect(decoded).toEqual(decodedFrames(flv, 'clip.flv', kind));
  });

  test('counters, checksums and lengths hold over segment borders', () => {
    expect(segments.length).toBeGreaterThan(1);
    expect(walkTs(stream).faults).toEqual([]);
    expect(walkTs(Buffer.concat([segments[1]!, segments[0]!, segments[1]!])).faults).toEqual([]);
  });

  test('each segment begins with PAT and PMT, and its picture with a key frame', () => {
    for (const segment of segments) {
      const walk = walkTs(segment);
      expect(walk.pids.slice(0, 2)).toEqual([0, 0x1000]);
      expect(walk.pes.find((pes) => pes.pid === 0x100)?.isRandomAccess).toBe(true);
      expect(probePackets(segment, 'segment.ts', 'video')[0]?.isKey).toBe(true);
    }
  });

  test('the clock comes at least every 100 ms, never goes back and runs ahead of every frame', () => {
    const { pcrs, pes } = walkTs(stream);
    for (const [index, { pcr90k }] of pcrs.slice(1).entries()) {
      const step = pcr90k - pcrs[index]!.pcr90k;
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThanOrEqual(9000);
    }
    for (const { dts90k, pts90k } of pes) {
      expect(dts90k).toBeGreaterThan(pcrs[0]!.pcr90k);
      expect(pts90k).toBeGreaterThanOrEqual(dts90k);
    }
  });
});

test('sound alone carries the clock and decodes to the frames of the FLV', () => {
  const flv = makeFlv({ hasVideo: false, sampleRateHz: 44100 });
  const stream = Buffer.concat(tsSegments(readClip(flv)));
  const walk = walkTs(stream);
  expect(walk.faults).toEqual([]);
  expect([...walk.streamTypes]).toEqual([[0x101, 0x0f]]);
  expect(walk.pcrPid).toBe(0x101);
  expect(decodedFrames(stream, 'stream.ts', 'audio')).toEqual(decodedFrames(flv, 'clip.flv', 'audio'));
});

test('pictures alone at 5 fps have the clock in packets of its own in between', () => {
  const flv = makeFlv({ hasAudio: false, fps: '5', gopFrames: 5 });
  const stream = Buffer.concat(tsSegments(readClip(flv)));
  const walk = walkTs(stream);
  expect(walk.faults).toEqual([]);
  expect(walk.pcrs.length).toBeGreaterThan(walk.pes.length);
  expect(decodedFrames(stream, 'stream.ts', 'video')).toEqual(decodedFrames(flv, 'clip.flv', 'video'));
});

test('time stamps run on over 2^33', () => {
  const flv = makeFlv({ bFrames: 2 });
  const clip = readClip(flv);
  const stream = Buffer.concat(tsSegments(clip, wrap90k - 11 * 90_000));
  const walk = walkTs(stream);
  expect(walk.faults).toEqual([]);
  const pictures = walk.pes.filter((pes) => pes.pid === 0x100);
  expect(pictures[0]!.dts90k).toBeGreaterThan(wrap90k - 2 * 90_000);
  expect(pictures.at(-1)!.dts90k).toBeLessThan(2 * 90_000);
  for (const [index, { dts90k }] of pictures.slice(1).entries()) {
    expect((dts90k - pictures[index]!.dts90k + wrap90k) % wrap90k).toBeLessThan(9000);
  }
  expect(decodedFrames(stream, 'stream.ts', 'video')).toEqual(decodedFrames(flv, 'clip.flv', 'video'));
});

describe('made-up frames', () => {
  const { video, audio } = readClip(makeFlv({ seconds: 1 }));
  const idr = video!.frames[0]!.data;

  test('decode times that stand still or pass presentation are moved earlier, presentation stays', () => {
    const times = [
      { dts90k: 0, pts90k: 0 },
      { dts90k: 3000, pts90k: 3000 },
      { dts90k: 3000, pts90k: 6000 },
      { dts90k: 9000, pts90k: 6001 },
    ];
    const samples = times.map((time) => ({ ...time, isSync: true, data: idr }));
    const { pes, faults } = walkTs(writeTsSegment({ video: { config: video!.config, samples } }));
    expect(faults).toEqual([]);
    expect(pes.map((one) => one.pts90k - 900_000)).toEqual([0, 3000, 6000, 6001]);
    expect(pes.map((one) => one.dts90k - 900_000)).toEqual([0, 2999, 3000, 6001]);
  });

  test('any frame sizes leave every counter where it began', () => {
    for (let size = 1; size < 600; size += 1) {
      const data = Uint8Array.from({ length: size + 4 }, (_, i) => (i < 4 ? (size >> (24 - 8 * i)) & 0xff : 0x41));
      const samples = [{ dts90k: 0, pts90k: 0, isSync: false, data }];
      const sound = [{ dts90k: 0, pts90k: 0, isSync: true, data: new Uint8Array(size) }];
      const segment = writeTsSegment({
        video: { config: video!.config, samples },
        audio: { config: audio!.config, samples: sound },
      });
      const walk = walkTs(Buffer.concat([segment, segment]));
      expect(walk.faults).toEqual([]);
      expect(walk.pes[0]!.content.subarray(-size)).toEqual(data.subarray(4));
    }
  });

  test('a frame above 64 kB has no announced length and arrives whole', () => {
    const data = new Uint8Array(200_000).fill(0x41);
    new DataView(data.buffer).setUint32(0, data.length - 4);
    const samples = [{ dts90k: 0, pts90k: 0, isSync: false, data }];
    const { pes, faults } = walkTs(writeTsSegment({ video: { config: video!.config, samples } }));
    expect(faults).toEqual([]);
    expect(pes[0]!.content.length).toBe(6 + data.length);
  });

  test('a hole of a day between frames is not filled with clocks', () => {
    const samples = [0, 24 * 3600 * 90_000].map((time) => ({ dts90k: time, pts90k: time, isSync: true, data: idr }));
    const segment = writeTsSegment({ video: { config: video!.config, samples } });
    expect(walkTs(segment).faults).toEqual([]);
    expect(segment.length).toBeLessThan(500_000);
  });

  test.each([
    { name: 'AV1', tracks: { video: { config: { ...video!.config, codec: 'av1' } as VideoConfig, samples: [] } } },
    { name: 'Opus', tracks: { audio: { config: { ...audio!.config, codec: 'opus' } as AudioConfig, samples: [] } } },
  ])('$name is refused', ({ tracks }) => {
    expect(() => writeTsSegment(tracks)).toThrow(expect.objectContaining({ code: 'MEDIA_TS_UNSUPPORTED' }));
  });
});
