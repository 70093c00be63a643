import { expect, test } from 'vitest';
import { retryDelayMs } from '../../src/events/retry-delay.ts';

test('waits grow from a second to five minutes, and no further', () => {
  const longest = Array.from({ length: 40 }, (_, i) => retryDelayMs(i + 1, 0));
  const shortest = Array.from({ length: 40 }, (_, i) => retryDelayMs(i + 1, 0.999_999));
  expect(longest.slice(0, 4)).toEqual([1500, 3000, 6000, 12_000]);
  expect(shortest[0]).toBeCloseTo(1000, 0);
  expect(longest.at(-1)).toBe(300_000);
  expect(shortest.at(-1)).toBeCloseTo(200_000, -2);
  for (let i = 1; i < 40; i++) expect(shortest[i]).toBeGreaterThanOrEqual(shortest[i - 1]!);
});

test('who wants to be left alone longer is, up to five minutes', () => {
  expect(retryDelayMs(1, 0, 60_000)).toBe(60_000);
  expect(retryDelayMs(1, 0, 86_400_000)).toBe(300_000);
  expect(retryDelayMs(1, 0, 1)).toBe(1500);
});
