import { expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/track.ts';
import { Timeline } from '../../src/stream/timeline.ts';

const frame = (kind: 'video' | 'audio', dtsMs: number): AccessUnit => ({
  kind,
  dtsMs,
  compositionOffsetMs: 0,
  isSync: true,
  data: new Uint8Array(0),
});

/** Places frames that arrive when their clock says, unless told otherwise; gives stream times. */
function placeAll(timeline: Timeline, dtsMs: readonly number[], arrivalMs: readonly number[] = dtsMs) {
  return dtsMs.map((dts, index) => {
    const { unit, jumped } = timeline.place(frame('video', dts), arrivalMs[index]!);
    return jumped ? `jump ${unit.dtsMs}` : unit.dtsMs;
  });
}

test("a publisher's clock is moved to stream time as it is", () => {
  expect(placeAll(new Timeline(500, 10_000), [500, 533, 567])).toEqual([10_000, 10_033, 10_067]);
});

test('times that stand still or go back a little are pushed on by a millisecond and counted', () => {
  const timeline = new Timeline(0, 0);
  expect(placeAll(timeline, [0, 40, 40, 30, 80], [0, 40, 50, 60, 80])).toEqual([0, 40, 41, 42, 80]);
  expect(timeline.nonMonotonicFrames).toBe(2);
});

test.each([3_600_000, -3_600_000])('a jump of %d ms is taken out: time goes on as long as it really took', (jump) => {
  const timeline = new Timeline(0, 0);
  const base = 4_000_000;
  const streamTimes = placeAll(
    new Timeline(base, 0),
    [base, base + 33, base + 66 + jump, base + 100 + jump],
    [0, 33, 66, 100],
  );
  expect(streamTimes).toEqual([0, 33, 'jump 66', 100]);
  expect(timeline.jumps).toBe(0);
});

test('an absence on the wire as long as in the timestamps is no jump', () => {
  expect(placeAll(new Timeline(0, 0), [0, 33, 10_033], [0, 33, 10_030])).toEqual([0, 33, 10_033]);
});

test('a backlog that arrives at once is no jump', () => {
  expect(placeAll(new Timeline(0, 0), [0, 1000, 2000, 3000], [0, 5000, 5000, 5001])).toEqual([0, 1000, 2000, 3000]);
});

test('both tracks stay together over a jump of both', () => {
  const timeline = new Timeline(0, 0);
  timeline.place(frame('video', 0), 0);
  timeline.place(frame('audio', 5), 5);
  timeline.place(frame('video', 3_600_033), 33);
  const audio = timeline.place(frame('audio', 3_600_028), 34);
  const video = timeline.place(frame('video', 3_600_066), 66);
  expect(audio.unit.dtsMs).toBe(28);
  expect(video.unit.dtsMs).toBe(66);
  expect(timeline.jumps).toBe(2);
});
