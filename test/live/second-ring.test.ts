import { expect, test } from 'vitest';
import { SecondRing } from '../../src/live/second-ring.ts';
import type { StreamPoint } from '../../src/store/ports/minute-store.ts';

const beginMs = Date.UTC(2026, 10, 23, 10);
const forever = [0, Number.MAX_SAFE_INTEGER, 1_000_000] as const;

function point(second: number, members: Partial<StreamPoint> = {}): StreamPoint {
  return {
    ...{ atMs: beginMs + second * 1000, viewers: second, viewersPeak: second, fps: 30, frames: 30, droppedFrames: 0 },
    ...{ bitrateInBps: 4_000_000, bitrateOutBps: 80_000_000, latencyP50Ms: 180, latencyP95Ms: 420 },
    rebufferRatio: null,
    ...members,
  };
}

function ringOf(seconds: number, max?: number): SecondRing {
  const ring = new SecondRing(max);
  for (let second = 0; second < seconds; second++) ring.add(point(second));
  return ring;
}

test('an empty one has nothing to tell', () => {
  expect(new SecondRing().between(...forever)).toEqual([]);
});

test('one second is told as it was, to the second in which it began', () => {
  const ring = new SecondRing();
  ring.add(point(0, { atMs: beginMs + 987, fps: 29.97, latencyP95Ms: null }));
  expect(ring.between(...forever)).toEqual([point(0, { fps: 30, latencyP95Ms: null })]);
});

test('nothing measured stays nothing, and zero stays zero', () => {
  const ring = new SecondRing();
  ring.add(point(0, { latencyP50Ms: null, latencyP95Ms: 0 }));
  expect(ring.between(...forever)).toMatchObject([{ latencyP50Ms: null, latencyP95Ms: 0 }]);
});

test('the end of a time is not in it, its beginning is', () => {
  const seconds = ringOf(10).between(beginMs + 3000, beginMs + 6000, 100);
  expect(seconds.map(({ viewers }) => viewers)).toEqual([3, 4, 5]);
});

test('of more than was asked for the newest are told, oldest first', () => {
  const ring = ringOf(10);
  expect(ring.between(beginMs, beginMs + 8000, 3).map(({ viewers }) => viewers)).toEqual([5, 6, 7]);
  expect(ring.between(forever[0], forever[1], 0)).toEqual([]);
});

test('it grows while it is young, and loses nothing', () => {
  for (const seconds of [63, 64, 65, 128, 129, 3600]) {
    const known = ringOf(seconds).between(...forever);
    expect(known.map(({ viewers }) => viewers)).toEqual(Array.from({ length: seconds }, (_, second) => second));
  }
});

test('an hour is kept: each further second takes the place of the oldest', () => {
  const ring = ringOf(3600 + 7);
  const known = ring.between(...forever);
  expect(known).toHaveLength(3600);
  expect(known[0]).toEqual(point(7));
  expect(known.at(-1)).toEqual(point(3606));
  ring.add(point(3607));
  expect(ring.between(...forever)[0]).toEqual(point(8));
});

test('a size that is no power of two, or smaller than it begins with, is kept to', () => {
  for (const max of [1, 10, 100]) {
    const known = ringOf(250, max).between(...forever);
    expect(known.map(({ viewers }) => viewers)).toEqual(Array.from({ length: max }, (_, index) => 250 - max + index));
  }
});

test('seconds that nobody looked at are missing, not made up', () => {
  const ring = new SecondRing();
  for (const second of [0, 1, 5]) ring.add(point(second));
  expect(ring.between(...forever).map(({ atMs }) => (atMs - beginMs) / 1000)).toEqual([0, 1, 5]);
});

test('when the clock is put back, what is asked for by time is found, in the order in which it was', () => {
  const ring = new SecondRing();
  for (const [order, second] of [100, 101, 40, 41].entries()) ring.add(point(second, { viewers: order }));
  expect(ring.between(...forever).map(({ viewers }) => viewers)).toEqual([0, 1, 2, 3]);
  expect(ring.between(beginMs + 40_000, beginMs + 42_000, 9).map(({ viewers }) => viewers)).toEqual([2, 3]);
});
