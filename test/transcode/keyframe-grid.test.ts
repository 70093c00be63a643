import { expect, test } from 'vitest';
import { gridCell, gridIntervalMs } from '../../src/transcode/keyframe-grid.ts';

test('a grid has a whole number of frames of common rates in every cell', () => {
  const intervals = [30, 29.97, 25, 23.976, 59.94, 15].map((fps) => Math.round(gridIntervalMs(2000, fps, undefined)));
  expect(intervals).toEqual([2000, 2002, 2000, 2002, 2002, 2000]);
});

test('the bitstream’s own rate is believed where it is what was measured', () => {
  expect(gridIntervalMs(2000, 30.05, 29.97)).toBeCloseTo(2002, 1);
  expect(gridIntervalMs(2000, 30.05, 60)).toBe(2000);
  expect(gridIntervalMs(2000, 12.7, undefined)).toBe(2000);
});

test('a frame that is rounded down to just before the line belongs behind it', () => {
  const grid = { originMs: 100.4, intervalMs: 2002 };
  expect([100, 2098, 2101, 4103].map((ms) => gridCell(grid, ms))).toEqual([0, 0, 1, 2]);
});
