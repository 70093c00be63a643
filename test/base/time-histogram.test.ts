import { expect, test } from 'vitest';
import { TimeHistogram } from '../../src/base/time-histogram.ts';

const bounds = [0.1, 1, 10];

test('nothing was counted: all buckets are there, and empty', () => {
  expect(new TimeHistogram(bounds).figures()).toEqual({ bounds, counts: [0, 0, 0, 0], sumSeconds: 0 });
});

test('a duration as long as a bound is within it, as Prometheus counts', () => {
  const histogram = new TimeHistogram(bounds);
  for (const seconds of [0, 0.1, 0.1001, 1, 10]) histogram.add(seconds);
  expect(histogram.figures().counts).toEqual([2, 2, 1, 0]);
});

test('what is above all bounds is counted, and in the sum', () => {
  const histogram = new TimeHistogram(bounds);
  histogram.add(10.5);
  histogram.add(3600);
  expect(histogram.figures()).toEqual({ bounds, counts: [0, 0, 0, 2], sumSeconds: 3610.5 });
});

test('figures are of the moment: what is added later does not change them', () => {
  const histogram = new TimeHistogram(bounds);
  histogram.add(0.5);
  const before = histogram.figures();
  histogram.add(0.5);
  expect(before.counts).toEqual([0, 1, 0, 0]);
  expect(histogram.figures().counts).toEqual([0, 2, 0, 0]);
});

test('without bounds everything is in the one bucket there is', () => {
  const histogram = new TimeHistogram([]);
  histogram.add(2);
  expect(histogram.figures()).toEqual({ bounds: [], counts: [1], sumSeconds: 2 });
});

test('it counts beyond what 32 bits hold', () => {
  const histogram = new TimeHistogram([1]);
  const { counts } = histogram as unknown as { counts: Float64Array };
  counts[0] = 2 ** 32;
  histogram.add(1);
  expect(histogram.figures().counts[0]).toBe(2 ** 32 + 1);
});
