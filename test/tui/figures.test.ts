import { expect, test } from 'vitest';
import { memory, percent, shortBitrate, shortDuration, shortTime, spread } from '../../src/tui/figures.ts';
import { sparkline } from '../../src/tui/sparkline.ts';

test.each([
  [0, '0'],
  [64_000, '64k'],
  [999_499, '999k'],
  [999_600, '1.0M'],
  [7_840_000, '7.8M'],
  [9_960_000, '10M'],
  [310_400_000, '310M'],
  [999_700_000, '1.0G'],
  [25_300_000_000, '25G'],
])('%i bit/s read %s', (bps, text) => expect(shortBitrate(bps)).toBe(text));

test.each([
  [null, '-'],
  [0, '0 ms'],
  [412.4, '412 ms'],
  [999.6, '1.0 s'],
  [-1500, '-1.5 s'],
  [95_400, '95 s'],
])('%s ms read %s', (ms, text) => expect(shortTime(ms)).toBe(text));

test.each([
  [0, '0s'],
  [59.9, '59s'],
  [3600, '1h 0m'],
  [5432, '1h 30m'],
  [273_600, '3d 4h'],
])('%d seconds read %s', (seconds, text) => expect(shortDuration(seconds)).toBe(text));

test('percentiles share their unit where they have the same', () => {
  expect(spread({ p50: 180, p95: 412 })).toBe('180/412 ms');
  expect(spread({ p50: 640, p95: 1800 })).toBe('640 ms/1.8 s');
  expect(spread({ p50: 640, p95: null })).toBe('640 ms');
  expect(spread({ p50: null, p95: null })).toBe('-');
  expect(spread({ p50: 2.9e6, p95: 6.1e6 }, shortBitrate)).toBe('2.9M/6.1M');
});

test('shares and memory', () => {
  expect([percent(0.004), percent(null), memory(312e6), memory(1.44e9)]).toEqual(['0.4 %', '-', '312 MB', '1.4 GB']);
});

test('a sparkline goes from nothing to the highest it shows', () => {
  expect(sparkline([0, 50, 100], 3)).toBe('▁▅█');
  expect(sparkline([0, 0], 2)).toBe('▁▁');
  expect(sparkline([], 4)).toBe('    ');
});

test('a sparkline shows the newest figures, at the right', () => {
  expect(sparkline([100, 1, 1, 1], 3)).toBe('███');
  expect(sparkline([7], 4)).toBe('   █');
});
