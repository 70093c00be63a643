import { expect, test } from 'vitest';
import { together } from './waiter-group.ts';

const released = { answered: 5000, askedMs: 1000, firstByteMs: 1500, lastAnswerMs: 1580, cpuMs: 30, errors: 0 };

test('a release lasts from the first byte in any process to the last answer in any', () => {
  const other = { ...released, firstByteMs: 1490, lastAnswerMs: 1550, cpuMs: 20.4, errors: 1 };
  expect(together([released, other])).toEqual({
    answered: 10_000,
    spread_ms: 90,
    all_were_waiting: true,
    generator_cpu_ms: 50,
    errors: 1,
  });
});

test('who asks after the first byte came was not waiting', () => {
  expect(together([released, { ...released, askedMs: 1501, firstByteMs: 1510 }]).all_were_waiting).toBe(false);
});
