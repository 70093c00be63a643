import { expect, test } from 'vitest';
import { type LadderSource, planLadder } from '../../src/transcode/ladder.ts';

function source(height: number, fps: number, kbps: number, more: Partial<LadderSource> = {}): LadderSource {
  return {
    widthPixels: Math.round((height * 16) / 9),
    heightPixels: height,
    fps,
    bitrateBps: kbps * 1000,
    codec: 'avc',
    isPassthrough: true,
    ...more,
  };
}

function names(options: Parameters<typeof planLadder>[0]): string[] {
  return planLadder(options).rungs.map((rung) => rung.name);
}

test('a 1080p30 source gets 720p, 480p and 360p in the field’s profiles and levels', () => {
  const { rungs, keyframes } = planLadder({ source: source(1080, 30, 6000) });
  expect(keyframes).toBe('source');
  expect(
    rungs.map((r) => [r.name, r.widthPixels, r.heightPixels, r.bitrateBps, r.profile, r.levelIdc, r.codecString]),
  ).toEqual([
    ['720p', 1280, 720, 2_800_000, 'high', 31, 'avc1.64001f'],
    ['480p', 854, 480, 1_400_000, 'main', 31, 'avc1.4d401f'],
    ['360p', 640, 360, 800_000, 'main', 30, 'avc1.4d401e'],
  ]);
  for (const rung of rungs) {
    expect(rung.maxrateBps).toBe(rung.bitrateBps);
    expect(rung.bufsizeBits).toBe(rung.bitrateBps);
    expect(rung.fpsCap).toBeUndefined();
  }
});

test('a 240p level that the operator adds is Main 2.1', () => {
  const levels = [{ name: '240p', heightPixels: 240, maxFps: 30, videoBitrateBps: 400_000 }];
  const [rung] = planLadder({ source: source(720, 30, 3000), levels }).rungs;
  expect([rung?.widthPixels, rung?.heightPixels, rung?.codecString]).toEqual([426, 240, 'avc1.4d4015']);
});

test('at 60 frames per second the upper rungs keep them at a higher bit rate, the lower ones are halved', () => {
  const { rungs } = planLadder({ source: source(1440, 60, 12_000) });
  expect(rungs.map((r) => [r.name, r.fps, r.fpsCap, r.bitrateBps, r.codecString])).toEqual([
    ['1080p', 60, undefined, 6_000_000, 'avc1.64002a'],
    ['720p', 60, undefined, 4_000_000, 'avc1.640020'],
    ['480p', 30, 30, 1_400_000, 'avc1.4d401f'],
    ['360p', 30, 30, 800_000, 'avc1.4d401e'],
  ]);
});

test('under a cap of 30 a source of 50 becomes 25, and 29.97 is left alone', () => {
  expect(planLadder({ source: source(720, 50, 4000) }).rungs[0]).toMatchObject({ name: '480p', fps: 25, fpsCap: 30 });
  const ntsc = planLadder({ source: source(720, 30.02, 4000) }).rungs[0];
  expect(ntsc?.fpsCap).toBeUndefined();
});

test('a rung that is hardly smaller than the source is left out, in size and in bit rate', () => {
  expect(names({ source: source(720, 30, 3000) })).toEqual(['480p', '360p']);
  expect(names({ source: source(576, 30, 3000) })).toEqual(['360p']);
  expect(names({ source: source(1080, 30, 2500) })).toEqual(['480p', '360p']);
  expect(names({ source: source(360, 30, 800) })).toEqual([]);
});

test('nothing is ever enlarged', () => {
  for (const isPassthrough of [true, false]) {
    for (const height of [144, 240, 359, 360, 480, 719, 720, 1080, 2160]) {
      const of = source(height, 30, 20_000, { isPassthrough });
      for (const rung of planLadder({ source: of }).rungs) {
        expect(rung.heightPixels).toBeLessThanOrEqual(height);
        expect(rung.widthPixels).toBeLessThanOrEqual(of.widthPixels);
      }
    }
  }
});

test('a portrait source keeps its shape: the level’s height is its short side', () => {
  const { rungs } = planLadder({ source: { ...source(1080, 30, 6000), widthPixels: 1080, heightPixels: 1920 } });
  expect(rungs.map((r) => [r.name, r.widthPixels, r.heightPixels])).toEqual([
    ['720p', 720, 1280],
    ['480p', 480, 854],
    ['360p', 360, 640],
  ]);
});

test('both sides are even for odd and unusual shapes', () => {
  for (const [widthPixels, heightPixels] of [
    [1919, 1079],
    [2560, 1080],
    [1440, 1080],
    [1001, 999],
  ] as const) {
    for (const rung of planLadder({ source: { ...source(1080, 30, 9000), widthPixels, heightPixels } }).rungs) {
      expect(rung.widthPixels % 2).toBe(0);
      expect(rung.heightPixels % 2).toBe(0);
      expect(Math.abs(rung.widthPixels / rung.heightPixels - widthPixels / heightPixels)).toBeLessThan(0.01);
    }
  }
});

test('a source that is not offered gets a top rung of its size, and a fixed grid on all rungs', () => {
  const plan = planLadder({ source: source(1080, 30, 4000, { codec: 'hevc', isPassthrough: false }) });
  expect(plan.keyframes).toBe('grid');
  expect(plan.rungs.map((r) => r.name)).toEqual(['1080p', '720p', '480p', '360p']);
});

test('a rung in the source’s place keeps its name, and does not grow, when the source comes back otherwise', () => {
  const lead = { name: '720p', heightPixels: 720 };
  const planned = (height: number) =>
    planLadder({ source: source(height, 30, 6000, { isPassthrough: false }), lead }).rungs.map((r) => [
      r.name,
      r.heightPixels,
    ]);
  expect(planned(1080)).toEqual([
    ['720p', 720],
    ['480p', 480],
    ['360p', 360],
  ]);
  expect(planned(480)).toEqual([
    ['720p', 480],
    ['360p', 360],
  ]);
  expect(planned(240)).toEqual([['720p', 240]]);
});

test('of a source that begins with a still picture, the rung in its place still gets 40 % of its bit rate', () => {
  const { rungs } = planLadder({ source: source(720, 30, 90, { isPassthrough: false }) });
  expect(rungs[0]!.bitrateBps).toBe(1_120_000);
});

test('two levels of one height are two rungs where their frame rates differ, and the slower one where they do not', () => {
  const levels = [
    { name: '720p60', heightPixels: 720, videoBitrateBps: 2_800_000, highFpsVideoBitrateBps: 4_000_000 },
    { name: '720p', heightPixels: 720, maxFps: 30, videoBitrateBps: 2_500_000 },
    { name: '360p', heightPixels: 360, maxFps: 30, videoBitrateBps: 800_000 },
  ];
  const planned = (fps: number) =>
    planLadder({ source: source(1080, fps, 9000), levels }).rungs.map((r) => [r.name, r.fps, r.bitrateBps]);
  expect(planned(60)).toEqual([
    ['720p60', 60, 4_000_000],
    ['720p', 30, 2_500_000],
    ['360p', 30, 800_000],
  ]);
  expect(planned(30)).toEqual([
    ['720p', 30, 2_500_000],
    ['360p', 30, 800_000],
  ]);
});

test('the top rung of a long-GOP source never has more bits than the source', () => {
  const plan = planLadder({ source: source(720, 30, 1500, { isPassthrough: false }) });
  expect(plan.rungs.map((r) => [r.name, r.bitrateBps])).toEqual([
    ['720p', 1_500_000],
    ['360p', 800_000],
  ]);
});

test('a small source that is not offered gets one rung of its own size', () => {
  const plan = planLadder({ source: source(240, 25, 500, { codec: 'av1', isPassthrough: false }) });
  expect(plan.rungs.map((r) => [r.name, r.widthPixels, r.heightPixels])).toEqual([['240p', 426, 240]]);
});

test('costs add up to what was measured: 1080p30 to 720p, 480p and 360p in about half a core', () => {
  const plan = planLadder({ source: source(1080, 30, 6000) });
  const total = plan.decodeCostCores + plan.rungs.reduce((sum, rung) => sum + rung.costCores, 0);
  expect(total).toBeGreaterThan(0.48);
  expect(total).toBeLessThan(0.58);
});
