import { expect, test } from 'vitest';
import { FrameArrivals } from '../../src/stream/frame-arrivals.ts';

/** A frame each 10 ms, each of which came 7 ms after its time. */
function arrivalsOf(count: number): FrameArrivals {
  const arrivals = new FrameArrivals();
  for (let number = 0; number < count; number++) arrivals.note(number * 10, number * 10 + 7);
  return arrivals;
}

test('of a time the frame is found that is decoded then, or the last before', () => {
  const arrivals = arrivalsOf(3);
  expect(arrivals.of(10)).toBe(17);
  expect(arrivals.of(19.9)).toBe(17);
  expect(arrivals.of(20)).toBe(27);
  expect(arrivals.of(1e9)).toBe(27);
});

test('before the first frame nothing has come', () => {
  expect(new FrameArrivals().of(0)).toBeUndefined();
  expect(arrivalsOf(3).of(-0.1)).toBeUndefined();
});

test('1024 frames are remembered; what is older is not known, rather than taken for another', () => {
  expect(arrivalsOf(1024).of(0)).toBe(7);
  const arrivals = arrivalsOf(1025);
  expect(arrivals.of(0)).toBeUndefined();
  expect(arrivals.of(9.9)).toBeUndefined();
  expect(arrivals.of(10)).toBe(17);
  const long = arrivalsOf(5000);
  expect(long.of(49_990)).toBe(49_997);
  expect(long.of(39_760)).toBe(39_767);
  expect(long.of(39_759)).toBeUndefined();
});

test('after time was set back the newest frame counts', () => {
  const arrivals = arrivalsOf(10);
  arrivals.note(40, 1000);
  expect(arrivals.of(50)).toBe(1000);
  expect(arrivals.of(30)).toBe(37);
});
