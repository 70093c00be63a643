import { expect, test } from 'vitest';
import { GopCache } from '../../src/transcode/gop-cache.ts';
import { planLadder } from '../../src/transcode/ladder.ts';
import { replayOf } from '../../src/transcode/replay.ts';
import { hevcClip, irregularClip, ptsOf, type SourceClip } from './source-clips.ts';
import { transcodeClip } from './transcoded.ts';

const clip = irregularClip();

function keptOf({ units }: SourceClip) {
  const cache = new GopCache(100e6);
  for (const unit of units) cache.add(unit);
  return cache.frames;
}

test('a rung that goes on in the middle of a GOP is the same to the bit without the frames that only filled it', async () => {
  const key = clip.units.findIndex((unit) => unit.isSync && unit.dtsMs > 5000);
  const gop = clip.units.slice(key, key + 85);
  const firstPtsMs = gop.map(ptsOf).sort((a, b) => a - b)[70]!;
  const replay = replayOf(keptOf({ ...clip, units: gop }), firstPtsMs, 'avc');
  expect(replay.length).toBeLessThan(gop.length * 0.8);
  const { widthPixels, heightPixels, codec } = clip.config;
  const { rungs } = planLadder({
    source: { widthPixels, heightPixels, codec, fps: 30, bitrateBps: 5e6, isPassthrough: true },
    levels: [{ name: '240p', heightPixels: 240, videoBitrateBps: 400_000 }],
  });
  const spec = {
    feedFormat: 'flv',
    encoder: 'x264',
    rungs: rungs.map((rung) => ({ ...rung, firstPtsMs: 10_000 + firstPtsMs })),
  } as const;
  const whole = await transcodeClip({ ...clip, units: gop }, spec);
  const units = replay.map(({ dtsMs, ptsMs, isSync, data }) => {
    return { kind: 'video' as const, dtsMs, compositionOffsetMs: ptsMs - dtsMs, isSync, data };
  });
  const less = await transcodeClip({ ...clip, units }, spec);
  expect(less.rungs[0]?.frames).toHaveLength(15);
  expect(less.rungs[0]?.frames).toEqual(whole.rungs[0]?.frames);
});

test('whatever is wanted, and whatever may tell a decoder how deep the source reorders, is replayed', () => {
  const kept = keptOf(clip);
  expect(replayOf(kept, kept[0]!.ptsMs, 'avc')).toEqual(kept);
  expect(replayOf(kept, 5000, 'avc').slice(0, 16)).toEqual(kept.slice(0, 16));
  const hevc = keptOf(hevcClip());
  expect(replayOf(hevc, 1e9, 'hevc')).toEqual(hevc);
});
