import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StateLog } from '../../src/analytics/state-log.ts';
import type { PlayerState } from '../../src/cmcd/report.ts';

type Told = readonly [state: PlayerState, seconds: number];

function courseOf(told: readonly Told[], hasPlayed = false) {
  const log = new StateLog(hasPlayed);
  for (const [state, seconds] of told) log.take(state, seconds * 1000);
  return log.course;
}

test('a stall is from the first rebuffering after a picture to the next picture', () => {
  expect(
    courseOf([
      ['rebuffering', 0],
      ['playing', 1],
      ['rebuffering', 4],
      ['seeking', 5],
      ['rebuffering', 6],
      ['playing', 9],
    ]),
  ).toMatchObject({ stalls: 1, stalledMs: 5000, watchedMs: 3000, lastStall: { fromMs: 4000, toMs: 9000 } });
});

test('a stall that goes on is counted, and not yet its time', () => {
  const course = courseOf([['rebuffering', 3]], true);
  expect(course).toMatchObject({ stalls: 1, stalledMs: 0, stalledSinceMs: 3000 });
});

test('a picture that stands for a moment only has not stood', () => {
  const moment = courseOf([
    ['playing', 0],
    ['rebuffering', 3],
    ['playing', 3.099],
  ]);
  expect(moment).toMatchObject({ stalls: 0, stalledMs: 0 });
});

test('what waited for the network is taken in the order in which it was said', () => {
  const told: readonly Told[] = [
    ['playing', 0],
    ['playing', 4],
    ['rebuffering', 6],
    ['rebuffering', 8],
    ['rebuffering', 10],
    ['playing', 11],
    ['playing', 12],
    ['rebuffering', 14],
    ['paused', 15],
    ['playing', 20],
    ['playing', 21],
  ];
  const inOrder = courseOf(told);
  expect(inOrder).toMatchObject({ stalls: 2, stalledMs: 6000, watchedMs: 9000, state: 'playing', sinceMs: 20_000 });
  const [first, ...others] = told;
  fc.assert(
    fc.property(fc.shuffledSubarray(others, { minLength: others.length }), (shuffled) => {
      expect(courseOf([first!, ...shuffled])).toEqual(inOrder);
    }),
  );
});

test('however long it goes on, little is kept, and what is older than that is past', () => {
  const log = new StateLog(false);
  for (let second = 0; second < 1000; second++) log.take(second % 10 === 9 ? 'rebuffering' : 'playing', second * 1000);
  const { course } = log;
  expect(course).toMatchObject({ stalls: 100, stalledMs: 99_000, watchedMs: 900_000 });
  log.take('rebuffering', 1500);
  expect(log.course).toEqual(course);
  expect(JSON.stringify(log).length).toBeLessThan(1000);
});
