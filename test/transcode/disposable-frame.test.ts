import { expect, test } from 'vitest';
import { isDisposable } from '../../src/transcode/disposable-frame.ts';
import { planLadder } from '../../src/transcode/ladder.ts';
import { hevcClip, irregularClip, ptsOf, shownTimes } from './source-clips.ts';
import { transcodeClip } from './transcoded.ts';

const clip = irregularClip();

test('frames that no other needs can be left out: all others still come out at their times, without a complaint', async () => {
  const units = clip.units.filter((unit) => !isDisposable('avc', unit.data));
  const leftOut = clip.units.length - units.length;
  expect(leftOut).toBeGreaterThan(clip.units.length * 0.2);
  const { widthPixels, heightPixels, codec } = clip.config;
  const source = { widthPixels, heightPixels, codec, fps: 30, bitrateBps: 5e6, isPassthrough: true };
  const levels = [{ name: '240p', heightPixels: 240, videoBitrateBps: 400_000 }];
  const rungs = planLadder({ source, levels }).rungs.map((rung) => ({
    ...rung,
    firstPtsMs: 10_000 + ptsOf(units[0]!),
  }));
  const taken = await transcodeClip({ ...clip, units }, { feedFormat: 'flv', encoder: 'x264', rungs });
  expect(taken.rungs[0]?.frames.map((got) => got.ptsMs)).toEqual(shownTimes(units));
  expect(taken.log.filter((line) => line.includes('[error]'))).toEqual([]);
});

test('keyframes are never left out, and of other codecs nothing is', () => {
  expect(clip.units.filter((unit) => unit.isSync).some((unit) => isDisposable('avc', unit.data))).toBe(false);
  expect(hevcClip().units.some((unit) => isDisposable('hevc', unit.data))).toBe(false);
  expect(isDisposable('avc', new Uint8Array(0))).toBe(false);
  expect(isDisposable('avc', Uint8Array.of(0, 0, 0, 1, 0x06))).toBe(false); // SEI alone
});
