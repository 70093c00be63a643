import { expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/track.ts';
import { audioConfig, Broadcast, sourceUnits } from './broadcast.ts';
import { rungConfig } from './transcoded.ts';

const startMs = 10_000;

/** Frames at 30 a second with keyframes every two seconds, as an encoder on a grid gives them; further keyframes where a new process went on. */
function leadUnits(
  seconds: number,
  furtherKeyframesMs: readonly number[] = [],
): { unit: AccessUnit; mayEnd: boolean }[] {
  return sourceUnits({ fps: 30, gopFrames: 60, seconds, startMs, audio: false }).map((unit) => {
    const isFurther = furtherKeyframesMs.some((ms) => Math.abs(unit.dtsMs - startMs - ms) < 17);
    return { unit: { ...unit, isSync: unit.isSync || isFurther }, mayEnd: unit.isSync };
  });
}

function led(): Broadcast {
  const broadcast = new Broadcast();
  const { packager } = broadcast;
  packager.leadWith('720p');
  packager.addRung('360p');
  packager.begin({ startMs, video: rungConfig(720), audio: audioConfig });
  packager.configureRung('360p', rungConfig(360));
  return broadcast;
}

function push({ packager }: Broadcast, units: ReturnType<typeof leadUnits>): void {
  for (const { unit, mayEnd } of units) {
    packager.leadAccessUnit(unit, mayEnd);
    packager.rungAccessUnit('360p', { ...unit, isSync: mayEnd });
  }
}

const startsOf = (broadcast: Broadcast, name: string) =>
  broadcast.segments(name).map(({ msn, startTicks }) => [msn, Math.round(startTicks / 90)]);

const everyTwoSeconds = [1, 2, 3, 4].map((msn) => [msn, startMs + (msn - 1) * 2000]);

test('a rung that leads is the segment clock in place of the source, and the target duration needs no GOP to be known', () => {
  const broadcast = led();
  push(broadcast, leadUnits(8));
  broadcast.packager.end();
  expect(broadcast.packager.lead?.name).toBe('720p');
  expect([...broadcast.windows.find('st_1')!.renditions.keys()]).toEqual(['720p', '360p']);
  expect(broadcast.windows.find('st_1')!.stream.targetDurationSeconds).toBe(2);
  expect(startsOf(broadcast, '720p')).toEqual(everyTwoSeconds);
  expect(startsOf(broadcast, '360p')).toEqual(everyTwoSeconds);
});

for (const atMs of [700, 1500, 1970]) {
  test(`a keyframe ${atMs} ms into a segment, where its encoder was replaced, ends nothing`, () => {
    const broadcast = led();
    push(broadcast, leadUnits(8, [4000 + atMs]));
    broadcast.packager.end();
    expect(startsOf(broadcast, '720p')).toEqual(everyTwoSeconds);
    expect(startsOf(broadcast, '360p')).toEqual(everyTwoSeconds);
    expect(broadcast.packager.counters.forcedCuts).toBe(0);
  });
}

test('a segment that begins off the grid, behind a hole, ends at the next grid keyframe rather than without one', () => {
  const broadcast = led();
  const units = leadUnits(10);
  push(broadcast, units.slice(0, 120));
  const late = units.slice(160);
  const [first] = late;
  broadcast.packager.begin({ startMs: first!.unit.dtsMs, video: rungConfig(720), audio: audioConfig });
  push(broadcast, [{ unit: { ...first!.unit, isSync: true }, mayEnd: true }, ...late.slice(1)]);
  broadcast.packager.end();
  expect(startsOf(broadcast, '720p').map(([, ms]) => ms! - startMs)).toEqual([0, 2000, 5333, 6000, 8000]);
  expect(broadcast.packager.counters.forcedCuts).toBe(0);
});

test('what leads is known again after a restart', () => {
  const broadcast = led();
  push(broadcast, leadUnits(6));
  const { packager } = new Broadcast({ continuity: broadcast.packager.continuity()! });
  expect(packager.lead?.name).toBe('720p');
  expect(packager.rungNames).toEqual(['360p']);
  expect(packager.renditions.map(({ name }) => name)).toEqual(['720p', '360p']);
});

test('nothing else can lead once viewers know the stream', () => {
  const broadcast = led();
  push(broadcast, leadUnits(6));
  expect(() => broadcast.packager.leadWith('480p')).toThrow();
});
