import { describe, expect, test } from 'vitest';
import { JpegSplitter } from '../../src/transcode/jpeg-splitter.ts';
import { type LadderSource, planLadder } from '../../src/transcode/ladder.ts';
import {
  av1Clip,
  fastClip,
  hevcClip,
  irregularClip,
  longGopClip,
  ptsOf,
  type SourceClip,
  shownTimes,
} from './source-clips.ts';
import { transcodeClip } from './transcoded.ts';

function rungsFor(clip: SourceClip, fps: number, more: Partial<LadderSource> = {}) {
  const { widthPixels, heightPixels, codec } = clip.config;
  const source = { widthPixels, heightPixels, fps, bitrateBps: 6e6, codec, isPassthrough: true, ...more };
  const levels = [
    { name: '480p', heightPixels: 480, videoBitrateBps: 1_000_000 },
    { name: '240p', heightPixels: 240, maxFps: 30, videoBitrateBps: 400_000 },
  ];
  return planLadder({ source, levels }).rungs.map((rung) => ({ ...rung, firstPtsMs: 10_000 + ptsOf(clip.units[0]!) }));
}

function keyTimes(units: readonly { isSync: boolean; ptsMs: number }[]): number[] {
  return units.filter((unit) => unit.isSync).map((unit) => unit.ptsMs);
}

function sourceKeyTimes(clip: SourceClip): number[] {
  return keyTimes(clip.units.map((unit) => ({ isSync: unit.isSync, ptsMs: ptsOf(unit) })));
}

describe('what comes back', () => {
  test('has every frame of the source at its exact time, and keyframes where the source has them', async () => {
    const clip = irregularClip();
    const spec = { feedFormat: 'flv', encoder: 'x264', rungs: rungsFor(clip, 30) } as const;
    const { rungs } = await transcodeClip(clip, spec);
    expect(rungs).toHaveLength(2);
    for (const [index, rung] of rungs.entries()) {
      expect(rung.frames.map((frame) => frame.ptsMs)).toEqual(shownTimes(clip.units));
      expect(keyTimes(rung.frames)).toEqual(sourceKeyTimes(clip));
      expect(rung.config).toMatchObject({ codecString: spec.rungs[index]!.codecString, nominalFps: 30 });
      const kbps = rung.frames.reduce((sum, frame) => sum + frame.sizeBytes * 8, 0) / 12_000;
      expect(kbps).toBeGreaterThan((spec.rungs[index]!.bitrateBps / 1000) * 0.5);
      expect(kbps).toBeLessThan((spec.rungs[index]!.bitrateBps / 1000) * 1.15);
    }
  });

  test('goes on exactly behind the last frame that a session before had given', async () => {
    const clip = irregularClip();
    const times = shownTimes(clip.units);
    const [first, second] = rungsFor(clip, 30);
    const rungs = [
      { ...first!, firstPtsMs: times[100]! + 10_000 },
      { ...second!, firstPtsMs: times[97]! + 10_000 },
    ];
    const taken = await transcodeClip(clip, { feedFormat: 'flv', encoder: 'x264', rungs });
    expect(taken.rungs.map((rung) => rung.frames.map((frame) => frame.ptsMs))).toEqual([
      times.slice(100),
      times.slice(97),
    ]);
    for (const [index, rung] of taken.rungs.entries()) {
      const start = times[index === 0 ? 100 : 97]!;
      expect(keyTimes(rung.frames)).toEqual([start, ...sourceKeyTimes(clip).filter((ptsMs) => ptsMs > start)]);
    }
  });

  test('has half the frames of a source of 60, and still every keyframe', async () => {
    const clip = fastClip();
    const rungs = rungsFor(clip, 60);
    expect(rungs.map((rung) => [rung.name, rung.fpsCap])).toEqual([['240p', 30]]);
    const taken = await transcodeClip(clip, { feedFormat: 'flv', encoder: 'x264', rungs });
    const frames = taken.rungs[0]!.frames;
    expect(keyTimes(frames)).toEqual(sourceKeyTimes(clip));
    expect(frames.length).toBeGreaterThanOrEqual(119);
    expect(frames.length).toBeLessThanOrEqual(124);
    for (const [index, frame] of frames.entries()) {
      expect(frame.ptsMs - (frames[index - 1]?.ptsMs ?? frame.ptsMs - 33)).toBeLessThanOrEqual(34);
    }
  });

  test('has keyframes on the grid where the source has none, at equal times in all rungs', async () => {
    const clip = longGopClip();
    const keyframeGrid = { originMs: 10_000 + ptsOf(clip.units[0]!), intervalMs: 2000 };
    const source = { isPassthrough: false };
    const [capped] = rungsFor(clip, 60, source);
    const { fpsCap: _, ...uncapped } = capped!;
    const rungs = [capped!, uncapped];
    const taken = await transcodeClip(clip, { feedFormat: 'flv', encoder: 'x264', rungs, keyframeGrid });
    const startMs = ptsOf(clip.units[0]!);
    for (const rung of taken.rungs) {
      const keys = keyTimes(rung.frames).map((ptsMs) => ptsMs - startMs);
      expect(keys).toHaveLength(3);
      expect(keys[0]).toBe(0);
      for (const [index, key] of keys.entries()) expect(Math.abs(key - index * 2000)).toBeLessThanOrEqual(17);
    }
    expect(keyTimes(taken.rungs[0]!.frames)).toEqual(keyTimes(taken.rungs[1]!.frames));
  });

  test('keeps to the grid when it is resumed in the middle of a cell', async () => {
    const clip = longGopClip();
    const startMs = ptsOf(clip.units[0]!);
    const times = shownTimes(clip.units);
    const [level] = rungsFor(clip, 60, { isPassthrough: false });
    const rungs = [
      { ...level!, firstPtsMs: 10_000 + times[100]! },
      { ...level!, firstPtsMs: 10_000 + times[103]! },
    ];
    const keyframeGrid = { originMs: 10_000 + startMs, intervalMs: 2000 };
    const taken = await transcodeClip(clip, { feedFormat: 'flv', encoder: 'x264', rungs, keyframeGrid });
    const [first, second] = taken.rungs.map((rung) => keyTimes(rung.frames));
    expect(first).toEqual([times[100], ...first!.slice(1)]);
    expect(second).toEqual([times[103], ...first!.slice(1)]);
    expect(first!.slice(1).map((ptsMs) => Math.round((ptsMs - startMs) / 100))).toEqual([20, 40]);
  });

  for (const [name, clipOf] of [
    ['HEVC with B-frames', hevcClip],
    ['AV1', av1Clip],
  ] as const) {
    test(`of ${name} has every frame at its exact time`, async () => {
      const clip = clipOf();
      const rungs = rungsFor(clip, 30);
      expect(rungs).toHaveLength(1);
      const taken = await transcodeClip(clip, { feedFormat: 'mp4', encoder: 'x264', rungs });
      expect(taken.rungs[0]!.frames.map((frame) => frame.ptsMs)).toEqual(shownTimes(clip.units));
      expect(keyTimes(taken.rungs[0]!.frames)).toEqual(sourceKeyTimes(clip));
    });
  }

  test('has a JPEG of every keyframe', async () => {
    const clip = irregularClip();
    const thumbnail = { widthPixels: 320, heightPixels: 180 };
    const rungs = rungsFor(clip, 30).slice(1);
    const taken = await transcodeClip(clip, { feedFormat: 'flv', encoder: 'x264', rungs, thumbnail });
    const jpegs: Uint8Array[] = [];
    const splitter = new JpegSplitter((jpeg) => jpegs.push(jpeg));
    for (let at = 0; at < taken.thumbnails.length; at += 997) splitter.push(taken.thumbnails.subarray(at, at + 997));
    expect(jpegs).toHaveLength(sourceKeyTimes(clip).length);
    for (const jpeg of jpegs) expect([jpeg[0], jpeg[1], jpeg.at(-2), jpeg.at(-1)]).toEqual([0xff, 0xd8, 0xff, 0xd9]);
    expect(Buffer.compare(Buffer.concat(jpegs), taken.thumbnails)).toBe(0);
  });
});
