import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/track.ts';
import { until } from '../support/until.ts';
import { percentile } from './broadcast-rig.ts';
import { av1Clip, hevcClip, irregularClip, longGopClip, otherClip, ptsOf, shownTimes } from './source-clips.ts';
import { testBroadcast } from './test-broadcast.ts';

const clip = irregularClip();

function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]![0] !== 'Z';
  } catch {
    return false;
  }
}

test('the rungs have every frame from the first one on, although the ladder was decided only after the first GOP', async () => {
  const rig = testBroadcast('ffmpeg', { thumbnailShortSidePixels: 90 });
  await rig.play(clip, {
    toMs: 4500,
    onTime: (clipMs) => {
      if (clipMs > 1300 && rig.states.length === 0) rig.want(clip, 30);
    },
  });
  await rig.finish();
  for (const rung of ['360p', '240p']) {
    const times = new Set(shownTimes(rig.source)); // to the bit: stream time is not whole
    expect(rig.framesOf(rung).filter((frame) => !times.has(frame.ptsMs))).toEqual([]);
    expect(rig.lost(rung)).toBe(0);
    expect(rig.missingKeys(rung)).toEqual([]);
    expect(rig.framesOf(rung).filter((frame) => frame.isSync)).toHaveLength(3);
    const lags = rig.lags(rung, 2500);
    expect(percentile(lags, 0.5)).toBeLessThan(1500);
  }
  expect(rig.configs.map(([rung, config]) => [rung, config.codecString, config.nominalFps])).toEqual([
    ['360p', 'avc1.4d401e', 30],
    ['240p', 'avc1.4d4015', 30],
  ]);
  expect(rig.states).toEqual(
    expect.arrayContaining(['360p starting', '240p starting', '360p live', '240p live', '360p withdrawn']),
  );
  expect(rig.thumbnails).toBe(3);
  expect(rig.counters.at(-1)).toMatchObject({ state: 'RUNNING', starts: 1, failures: 0 });
});

test('a killed ffmpeg is replaced at once, and no frame is missing', async () => {
  const rig = testBroadcast();
  rig.want(clip, 30);
  let killed = 0;
  await rig.play(clip, {
    toMs: 5200,
    onTime: (clipMs) => {
      if (clipMs > 2000 + killed * 1500 && killed < 2) {
        process.kill(rig.supervisor.pid!, 'SIGKILL');
        killed++;
      }
    },
  });
  await rig.finish();
  for (const rung of ['360p', '240p']) {
    expect(rig.lost(rung)).toBe(0);
    expect(rig.missingKeys(rung)).toEqual([]);
  }
  expect(rig.noticesOf('failed').map((notice) => [notice.why, notice.retryInMs])).toEqual([
    ['it was ended by SIGKILL', 0],
    ['it was ended by SIGKILL', 500],
  ]);
  expect(rig.configs).toHaveLength(2); // the same again is not told
  expect(rig.states.filter((state) => state.startsWith('360p'))).toEqual([
    '360p starting',
    '360p live',
    '360p recovering',
    '360p live',
    '360p recovering',
    '360p live',
    '360p withdrawn',
  ]);
  expect(rig.supervisor.stats()).toMatchObject({ starts: 3, failures: 2, stalls: 0 });
});

test('an ffmpeg that takes frames and gives none is killed, and no frame is missing', async () => {
  const rig = testBroadcast();
  rig.want(clip, 30);
  let stopped = 0;
  await rig.play(clip, {
    toMs: 4500,
    onTime: (clipMs) => {
      if (clipMs > 1500 && stopped === 0) {
        stopped = rig.supervisor.pid!;
        process.kill(stopped, 'SIGSTOP');
      }
    },
  });
  await rig.finish();
  expect(isAlive(stopped)).toBe(false);
  for (const rung of ['360p', '240p']) {
    expect(rig.lost(rung)).toBe(0);
    expect(rig.missingKeys(rung)).toEqual([]);
    expect(rig.longestSilenceMs(rung)).toBeLessThan(3500);
  }
  expect(rig.supervisor.stats()).toMatchObject({ starts: 2, failures: 1, stalls: 1 });
});

test('a source that pauses is no stall', async () => {
  const rig = testBroadcast();
  rig.want(clip, 30);
  await rig.play(clip, { toMs: 1300 });
  await until('frames come', () => rig.framesOf('240p').length > 30);
  rig.clock.skip(60_000);
  rig.nextMs += 60_000;
  await rig.play(clip, { fromMs: 1300, toMs: 2600 });
  await rig.finish();
  expect(rig.lost('240p')).toBe(0);
  expect(rig.supervisor.stats()).toMatchObject({ starts: 1, failures: 0, stalls: 0 });
});

test('an interrupted source gives all its frames, and goes on in a new ffmpeg', async () => {
  const rig = testBroadcast();
  rig.want(clip, 30);
  await rig.play(clip, { toMs: 1500 });
  await rig.caughtUp();
  rig.supervisor.interrupt();
  await until('the tail is out', () => rig.lost('240p') === 0 && rig.supervisor.stats().state === 'IDLE');
  rig.nextMs += 20_000;
  await rig.play(clip, { toMs: 1500 });
  await rig.finish();
  expect(rig.lost('240p')).toBe(0);
  expect(rig.lost('360p')).toBe(0);
  expect(rig.supervisor.stats()).toMatchObject({ starts: 2, failures: 0 });
});

test('another source completes the old ladder and begins a new one', async () => {
  const rig = testBroadcast();
  const other = otherClip();
  rig.want(clip, 30);
  await rig.play(clip, { toMs: 1500 });
  await rig.caughtUp();
  const before = rig.source.length;
  await rig.play(other, {
    toMs: 2500,
    onTime: (clipMs) => {
      if (clipMs === other.units[20]!.dtsMs) rig.want(other, 25);
    },
  });
  await rig.finish();
  for (const rung of ['360p', '240p']) {
    expect(rig.lost(rung)).toBe(0);
    expect(rig.missingKeys(rung)).toEqual([]);
    expect(rig.framesOf(rung)[before]?.ptsMs).toBe(ptsOf(rig.source[before]!));
  }
  expect(rig.states).toContain('360p withdrawn');
  expect(rig.supervisor.stats()).toMatchObject({ starts: 2, failures: 0 });
});

test('when timestamps are used up, it goes on in a new ffmpeg at a keyframe', async () => {
  const rig = testBroadcast();
  rig.want(clip, 30);
  await rig.play(clip, { toMs: 1300 });
  rig.nextMs += 2 ** 30;
  await rig.play(clip, { fromMs: 1300, toMs: 2600 });
  await rig.finish();
  expect(rig.lost('360p')).toBe(0);
  expect(rig.missingKeys('360p')).toEqual([]);
  expect(rig.supervisor.stats()).toMatchObject({ starts: 2, failures: 0 });
});

test('rungs that are not wanted any more end, the others go on without a gap, and one that comes back begins at a keyframe', async () => {
  const rig = testBroadcast();
  const ladder = rig.want(clip, 30);
  await rig.play(clip, {
    toMs: 6000,
    onTime: (clipMs) => {
      const isReduced = clipMs > 1800 && clipMs < 4500;
      rig.supervisor.want(isReduced ? { ...ladder, rungs: ladder.rungs.slice(1) } : ladder);
    },
  });
  await rig.caughtUp(['240p']);
  await rig.supervisor.stop();
  expect(rig.lost('240p')).toBe(0);
  const top = rig.framesOf('360p');
  const gap = top.findIndex((frame, index) => frame.ptsMs - (top[index - 1]?.ptsMs ?? frame.ptsMs) > 500);
  expect(top[gap]?.isSync).toBe(true);
  expect(rig.source.find((unit) => ptsOf(unit) === top[gap]?.ptsMs)?.isSync).toBe(true);
  expect(rig.supervisor.stats()).toMatchObject({ starts: 3, failures: 0 });
});

test('frames of which nothing is wanted are not even looked at', () => {
  const rig = testBroadcast();
  const { supervisor } = rig;
  supervisor.configure(clip.config);
  rig.want(clip, 30, {}, []);
  const frame = clip.units[0]!.data.slice();
  frame.slice = () => expect.fail('it was copied');
  for (const isSync of [true, false, true]) {
    supervisor.accessUnit({ kind: 'video', dtsMs: 20_000, compositionOffsetMs: 0, isSync, data: frame });
  }
  expect(supervisor.stats()).toMatchObject({ state: 'IDLE', framesFed: 0, starts: 0 });
});

test('a rung that may be wanted at any moment begins with the keyframe from which on frames are held', async () => {
  const rig = testBroadcast();
  const { supervisor } = rig;
  rig.want(clip, 30, {}, []);
  const [first, second] = clip.units.filter(({ isSync }) => isSync);
  const streamMs = (unit: AccessUnit) => ptsOf(unit) + rig.nextMs - ptsOf(clip.units[0]!);
  const secondMs = streamMs(second!);
  supervisor.hold(streamMs(first!));
  await rig.play(clip, {
    toMs: second!.dtsMs + 1000,
    onTime: (clipMs) => {
      if (clipMs === second!.dtsMs) supervisor.hold(secondMs);
      if (clipMs < second!.dtsMs + 500 || rig.states.length > 0) return;
      expect(supervisor.stats()).toMatchObject({ state: 'IDLE', starts: 0, framesFed: 0 });
      rig.want(clip, 30);
    },
  });
  await until('frames come', () => rig.framesOf('360p').length > 20);
  expect(rig.framesOf('360p')[0]).toMatchObject({ ptsMs: secondMs, isSync: true });
});

test('without a ladder nothing runs', async () => {
  const rig = testBroadcast();
  const ladder = rig.want(clip, 30);
  await rig.play(clip, { toMs: 1000 });
  const { pid } = rig.supervisor;
  rig.supervisor.want({ ...ladder, rungs: [] });
  await until('ffmpeg is gone', () => rig.supervisor.pid === undefined && !isAlive(pid!));
  expect(rig.supervisor.stats().state).toBe('IDLE');
  expect(rig.states.slice(-2).sort()).toEqual(['240p withdrawn', '360p withdrawn']);
});

for (const [name, clipOf] of [
  ['HEVC', hevcClip],
  ['AV1', av1Clip],
] as const) {
  test(`an ${name} source gets a ladder on a fixed grid, also over a crash`, async () => {
    const source = clipOf();
    const rig = testBroadcast();
    rig.want(source, 30, { isPassthrough: false });
    let killed = false;
    await rig.play(source, {
      speed: 1.5,
      onTime: (clipMs) => {
        if (clipMs > 2600 && !killed) {
          process.kill(rig.supervisor.pid!, 'SIGKILL');
          killed = true;
        }
      },
    });
    await rig.finish();
    const gridKeys = ['360p', '240p'].map((rung) => {
      expect(rig.lost(rung)).toBe(0);
      return rig
        .framesOf(rung)
        .filter((frame) => frame.isSync && isOnGrid(frame.ptsMs))
        .map((frame) => frame.ptsMs);
    });
    expect(gridKeys[0]).toHaveLength(2);
    expect(gridKeys[1]).toEqual(gridKeys[0]);

    function isOnGrid(ptsMs: number): boolean {
      return (ptsMs - ptsOf(rig.source[0]!)) % 2000 < 33.4;
    }
  });
}

test('a GOP too large to be kept costs frames at a crash, not memory', async () => {
  const source = longGopClip();
  const rig = testBroadcast();
  rig.want(source, 60, { isPassthrough: false });
  rig.supervisor.configure(source.config);
  // 40 MB of one GOP: far more than is kept
  const [first, ...rest] = source.units;
  rig.feed({ ...first!, dtsMs: first!.dtsMs + 10_000 });
  for (const unit of rest.slice(0, 100)) {
    const filler = Buffer.concat([unit.data, nalOfFiller(400_000)]);
    rig.feed({ ...unit, dtsMs: unit.dtsMs + 10_000, data: filler });
  }
  await until('it works', () => rig.framesOf('240p').length > 5);
  process.kill(rig.supervisor.pid!, 'SIGKILL');
  await until('it waits for a keyframe', () => rig.supervisor.stats().state === 'IDLE');
  rig.feed({ ...first!, dtsMs: first!.dtsMs + 30_000 });
  for (const unit of rest.slice(0, 10)) rig.feed({ ...unit, dtsMs: unit.dtsMs + 30_000 });
  await rig.supervisor.stop();
  expect(rig.framesOf('240p').some((frame) => frame.ptsMs > 30_000)).toBe(true);
});

/** A NAL unit of type 12, which decoders pass over. */
function nalOfFiller(sizeBytes: number): Uint8Array {
  const nal = Buffer.alloc(4 + sizeBytes, 0xff);
  nal.writeUInt32BE(sizeBytes);
  nal[4] = 12;
  nal[nal.length - 1] = 0x80;
  return nal;
}
