import { expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/track.ts';
import { until } from '../support/until.ts';
import type { BroadcastRig } from './broadcast-rig.ts';
import { ptsOf, type SourceClip, steadyClip } from './source-clips.ts';
import { testBroadcast } from './test-broadcast.ts';

const clip = steadyClip();
const rungs = ['240p'];
const levels = [{ name: '240p', heightPixels: 240, videoBitrateBps: 400_000 }];

function begin(): BroadcastRig {
  const rig = testBroadcast();
  rig.want(clip, 30, {}, levels);
  return rig;
}

/** What is asked of it here does not depend on how fast the frames come. */
async function play(rig: BroadcastRig, source: SourceClip, options: Parameters<BroadcastRig['play']>[1] = {}) {
  await rig.play(source, { speed: 3, ...options });
}

async function finish(rig: BroadcastRig): Promise<void> {
  await rig.caughtUp(rungs);
  await rig.supervisor.stop();
}

/** `clip` with some units changed, or left out. */
function edited(change: (unit: AccessUnit, index: number) => AccessUnit | undefined): SourceClip {
  return { ...clip, units: clip.units.flatMap((unit, index) => change(unit, index) ?? []) };
}

function damaged(unit: AccessUnit): AccessUnit {
  const data = unit.data.slice();
  for (let at = Math.floor(data.length / 3); at < data.length - 4; at += 7) data[at]! ^= 0x5a;
  return { ...unit, data };
}

test('another encoding of the same size is another source: the old ladder is completed, a new one made, and nothing is missing', async () => {
  const rig = begin();
  await play(rig, clip, { toMs: 1800 });
  await rig.caughtUp(rungs);
  const other = steadyClip('-profile:v main -x264-params cabac=0');
  expect(other.config.record).not.toEqual(clip.config.record);
  await play(rig, other, {
    onTime: (clipMs) => {
      if (clipMs === other.units[5]!.dtsMs) rig.want(other, 30, {}, levels);
    },
  });
  await finish(rig);
  expect(rig.lost('240p')).toBe(0);
  expect(rig.missingKeys('240p')).toEqual([]);
  expect(rig.supervisor.stats()).toMatchObject({ starts: 2, failures: 0, damagedFrames: 0 });
});

test('another encoding that nobody announced is damage until it is announced, and no longer', async () => {
  const rig = begin();
  await play(rig, clip, { toMs: 1000 });
  const other = steadyClip('-profile:v baseline -bf 0 -x264-params cabac=0');
  await play(rig, { ...other, config: clip.config }, { toMs: 1000 });
  rig.source.length = 0; // what comes of that is nobody's concern
  await play(rig, other, {
    onTime: (clipMs) => {
      if (clipMs === other.units[5]!.dtsMs) rig.want(other, 30, {}, levels);
    },
  });
  await finish(rig);
  expect(rig.lost('240p')).toBe(0);
  expect(rig.missingKeys('240p')).toEqual([]);
  expect(rig.supervisor.stats().failures).toBe(0);
});

for (const [name, byMs] of [
  ['five minutes', 300_000],
  ['forty hours', 144_000_000],
] as const) {
  test(`a jump of ${name} forward is passed through`, async () => {
    const rig = begin();
    await play(rig, clip, { toMs: 1000 });
    rig.nextMs += byMs;
    await play(rig, clip, { fromMs: 1000 });
    await finish(rig);
    expect(rig.lost('240p')).toBe(0);
    expect(rig.missingKeys('240p')).toEqual([]);
    expect(rig.supervisor.stats()).toMatchObject({ starts: 1, failures: 0, stalls: 0 });
  });
}

test('frames at times that have been are not given out again, and those behind them are', async () => {
  const rig = begin();
  await play(rig, clip, { toMs: 2000 });
  await rig.caughtUp(rungs);
  const reachedMs = rig.framesOf('240p').at(-1)!.ptsMs;
  rig.nextMs -= 1000;
  await play(rig, clip);
  await rig.supervisor.stop();
  const times = rig.framesOf('240p').map(({ ptsMs }) => ptsMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times.filter((ptsMs) => ptsMs > reachedMs).length).toBeGreaterThan(50);
  expect(rig.supervisor.stats()).toMatchObject({ failures: 0, stalls: 0 });
});

test('with every tenth frame damaged all come out at their times, and the damage is counted', async () => {
  const rig = begin();
  await play(
    rig,
    edited((unit, index) => (index % 10 === 5 && !unit.isSync ? damaged(unit) : unit)),
  );
  await finish(rig);
  expect(rig.lost('240p')).toBe(0);
  expect(rig.missingKeys('240p')).toEqual([]);
  expect(rig.supervisor.stats()).toMatchObject({ starts: 1, failures: 0 });
  expect(rig.supervisor.stats().damagedFrames).toBeGreaterThan(0);
});

test('with every seventh frame lost on the way all others come out', async () => {
  const rig = begin();
  await play(
    rig,
    edited((unit, index) => (index % 7 === 4 && !unit.isSync ? undefined : unit)),
  );
  await finish(rig);
  expect(rig.lost('240p')).toBe(0);
  expect(rig.missingKeys('240p')).toEqual([]);
  expect(rig.supervisor.stats()).toMatchObject({ starts: 1, failures: 0 });
});

test('a source that is joined between keyframes begins at its first keyframe', async () => {
  const rig = begin();
  await play(rig, clip, { fromMs: 400 });
  await rig.supervisor.stop();
  const firstKey = rig.source.find((unit) => unit.isSync)!;
  expect(rig.framesOf('240p')[0]).toMatchObject({ ptsMs: ptsOf(firstKey), isSync: true });
  expect(rig.missing('240p').filter((ptsMs) => ptsMs >= ptsOf(firstKey))).toEqual([]);
  expect(rig.supervisor.stats()).toMatchObject({ starts: 1, failures: 0 });
});

test('a picture that vanishes while the sound goes on is waited for', async () => {
  const rig = begin();
  await play(rig, clip, { toMs: 1000 });
  await until('frames come', () => rig.framesOf('240p').length > 20);
  for (let second = 0; second < 60; second++) {
    rig.clock.skip(1000);
    rig.nextMs += 1000;
    rig.supervisor.accessUnit({
      ...{ kind: 'audio', dtsMs: rig.nextMs, compositionOffsetMs: 0, isSync: true, data: new Uint8Array(200) },
    });
  }
  await play(rig, clip, { fromMs: 1000 });
  await finish(rig);
  expect(rig.lost('240p')).toBe(0);
  expect(rig.supervisor.stats()).toMatchObject({ starts: 1, failures: 0, stalls: 0 });
});
