import { expect, onTestFinished, test } from 'vitest';
import { EventRetention } from '../../src/events/event-retention.ts';
import type { EventRemoval } from '../../src/store/ports/event-store.ts';
import { ManualClock } from '../support/manual-clock.ts';

const hourMs = 3_600_000;
const retentionMs = 24 * hourMs;

/** `old`: what the next removals say they removed, or what they fail with; then nothing. */
function rig(old: (number | Error)[] = [], deliveredUpTo: () => number | undefined = () => undefined) {
  const clock = new ManualClock();
  const removals: EventRemoval[] = [];
  const warnings: string[] = [];
  const events = {
    removeBefore: async (removal: EventRemoval) => {
      removals.push(removal);
      const next = old.shift() ?? 0;
      if (next instanceof Error) throw next;
      return next;
    },
  };
  const log = { warn: (_fields: unknown, sentence: string) => void warnings.push(sentence) };
  const retention = new EventRetention({ events, retentionMs, deliveredUpTo, clock, log: log as never });
  retention.start();
  onTestFinished(() => retention.stop());
  const pass = async (ms: number) => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, removals, warnings, retention, pass };
}

test('events older than the retention are removed, first a minute after the start and then every hour', async () => {
  const { clock, removals, pass } = rig();
  await pass(59_999);
  expect(removals).toHaveLength(0);
  await pass(1);
  expect(removals).toEqual([{ timeMs: clock.wallMs() - retentionMs, upToId: undefined, limit: 2000 }]);
  await pass(hourMs - 1);
  expect(removals).toHaveLength(1);
  await pass(1);
  expect(removals).toHaveLength(2);
});

test('while a removal is as large as it may be, the next comes a second later', async () => {
  const { removals, pass } = rig([2000, 2000, 1999]);
  await pass(60_000);
  await pass(1000);
  await pass(1000);
  expect(removals).toHaveLength(3);
  await pass(hourMs - 1);
  expect(removals).toHaveLength(3);
});

test('what a receiver has not had stays', async () => {
  const { removals, pass } = rig([], () => 7);
  await pass(60_000);
  expect(removals).toMatchObject([{ upToId: 7 }]);
});

test('a store that is away is told of, and asked again in an hour', async () => {
  const { removals, warnings, pass } = rig([new Error('away')]);
  await pass(60_000);
  expect(warnings).toHaveLength(1);
  await pass(hourMs);
  expect(removals).toHaveLength(2);
  expect(warnings).toHaveLength(1);
});

test('after the stop nothing is removed any more', async () => {
  const { removals, retention, pass } = rig([2000]);
  await pass(60_000);
  await retention.stop();
  await pass(hourMs);
  expect(removals).toHaveLength(1);
});
