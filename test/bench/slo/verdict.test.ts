import { expect, test } from 'vitest';
import { boundText, exactly, isFigureKept, isLevelKept, nearly, worstOf } from './verdict.ts';

test('a figure is kept between its bounds, and not when it could not be had', () => {
  expect(isFigureKept({ name: 'a', value: 10, most: 10 })).toBe(true);
  expect(isFigureKept({ name: 'a', value: 10.1, most: 10 })).toBe(false);
  expect(isFigureKept({ name: 'a', value: 0, least: 1 })).toBe(false);
  expect(isFigureKept({ name: 'a', value: Number.NaN, most: 10 })).toBe(false);
  expect(isFigureKept({ name: 'a', value: Number.NaN })).toBe(false);
});

test('a level that is told must be what was seen, and both must keep what is promised', () => {
  expect(isLevelKept(nearly('a', 102, 100))).toBe(true);
  expect(isLevelKept(nearly('a', 97, 100))).toBe(false);
  expect(isLevelKept(exactly('a', 3, 3))).toBe(true);
  expect(isLevelKept(exactly('a', 3, 4))).toBe(false);
  expect(isLevelKept({ name: 'a', told: 0.9, seen: 0.96, least: 0.95 })).toBe(false);
  expect(isLevelKept({ name: 'a', told: 0.96, seen: 0.9, least: 0.95 })).toBe(false);
  expect(isLevelKept({ name: 'a', told: Number.NaN, seen: 1 })).toBe(false);
});

test('a level that nobody tells is held to what was seen', () => {
  expect(isLevelKept({ name: 'a', seen: 0.999, least: 0.999 })).toBe(true);
  expect(isLevelKept({ name: 'a', seen: 0.99, least: 0.999 })).toBe(false);
});

test('of several times the worst of each figure is told', () => {
  const worst = worstOf([
    [
      { name: 'late', value: 5, most: 10 },
      { name: 'gaps', value: 2, least: 1 },
      { name: 'exact', value: 1, least: 1, most: 1 },
    ],
    [
      { name: 'late', value: 9, most: 10 },
      { name: 'gaps', value: 1, least: 1 },
      { name: 'exact', value: 0, least: 1, most: 1 },
    ],
    [
      { name: 'late', value: 7, most: 10 },
      { name: 'gaps', value: 3, least: 1 },
      { name: 'exact', value: 1, least: 1, most: 1 },
    ],
  ]);
  expect(worst.map(({ value }) => value)).toEqual([9, 1, 0]);
});

test('a bound is told in signs', () => {
  expect([{ least: 1, most: 1 }, { least: 1 }, { most: 2 }, { least: 1, most: 2 }, {}].map(boundText)).toEqual([
    ...['= 1', '>= 1', '<= 2', '>= 1, <= 2', ''],
  ]);
});
