import { expect, test } from 'vitest';
import { RungDemand } from '../../src/pipeline/rung-demand.ts';
import { ManualClock } from '../support/manual-clock.ts';

test('a rung rests 30 seconds after the last request, or six target durations', () => {
  const clock = new ManualClock();
  const demand = new RungDemand(clock);
  expect(demand.wanted('480p', 2)).toBe(true);
  expect(demand.wanted('360p', 10)).toBe(true);
  clock.advance(20_000);
  expect(demand.wanted('480p', 2)).toBe(false);
  clock.advance(29_999);
  expect(demand.rest()).toEqual([]);
  clock.advance(1);
  expect(demand.rest()).toEqual(['480p']);
  expect([demand.isAwake('480p'), demand.isAwake('360p')]).toEqual([false, true]);
  clock.advance(10_000);
  expect(demand.rest()).toEqual(['360p']);
  expect(demand.wanted('480p', undefined)).toBe(true);
});

test('a rung that is made for a moment rests soon, unless somebody asks for it meanwhile', () => {
  const clock = new ManualClock();
  const demand = new RungDemand(clock);
  expect(demand.wake('480p', 6000)).toBe(true);
  expect(demand.wake('360p', 6000)).toBe(true);
  expect(demand.wanted('360p', 2)).toBe(false);
  demand.wake('360p', 6000);
  clock.advance(6000);
  expect(demand.rest()).toEqual(['480p']);
});
