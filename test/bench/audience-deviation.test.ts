import { expect, test } from 'vitest';
import { followStep, type PopulationStep } from './audience-deviation.ts';

const step: PopulationStep = { from: 100, to: 200, beganAtMs: 0, reachedAtMs: 2000, untilMs: 22_000 };

/** A look each second from the moment the population was reached, with these counts; the last goes on. */
function samples(...counts: number[]) {
  const lasting = Array.from({ length: 20 }, (_, second) => counts[second] ?? counts.at(-1)!);
  return lasting.map((viewers, second) => ({ atMs: 2000 + second * 1000, viewers }));
}

test('a count is settled when it is within one percent of who watches', () => {
  expect(followStep(step, samples(120, 170, 197, 198), () => 200).settledSeconds).toBe(3);
  expect(followStep(step, samples(200), () => 200).settledSeconds).toBe(0);
});

test('a count that was right and is wrong again was not settled before', () => {
  expect(followStep(step, samples(120, 200, 203, 200), () => 200).settledSeconds).toBe(3);
});

test('a count that is never right never settles', () => {
  const figures = followStep(step, samples(150), () => 200);
  expect(figures.settledSeconds).toBeUndefined();
  expect(figures.deviationPercent).toBe(25);
});

test('the deviation is the largest once there was time to settle, either way', () => {
  const late = [...Array(10).fill(0), 200, 201, 200, 197, 200];
  expect(followStep(step, samples(...late), () => 200).deviationPercent).toBe(1.5);
  expect(followStep(step, samples(0, 200), () => 200).deviationPercent).toBe(0);
});

test('the count is held against who watches at that moment, not against the number that was wanted', () => {
  const figures = followStep(step, samples(200), (atMs) => (atMs === 15_000 ? 190 : 200));
  expect(figures.deviationPercent).toBe(5);
});

test('when all have left the deviation is of those who were there', () => {
  const empty = { ...step, from: 200, to: 0 };
  const figures = followStep(empty, samples(200, 100, 2, 0), () => 0);
  expect(figures.settledSeconds).toBe(2);
  expect(figures.deviationPercent).toBe(0);
});

test('looks before the step and after it do not count', () => {
  const figures = followStep({ ...step, untilMs: 14_000 }, samples(...Array(12).fill(200), 0), () => 200);
  expect(figures).toMatchObject({ settledSeconds: 0, deviationPercent: 0 });
});
