import { expect, test } from 'vitest';
import type { FinishedSpan } from '../../src/tracing/span.ts';
import { type SendOutcome, SpanQueue } from '../../src/tracing/span-queue.ts';
import { ManualClock } from '../support/manual-clock.ts';

function span(name: string): FinishedSpan {
  return {
    ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: undefined, name, startMs: 0, endMs: 1 },
    ...{ attributes: {}, events: [], error: undefined },
  };
}

/** A queue to a receiver that says what the test wants. */
function queueTo(outcome: () => SendOutcome) {
  const clock = new ManualClock();
  const batches: string[][] = [];
  const troubles: (string | undefined)[] = [];
  const queue = new SpanQueue({
    clock,
    send: async (spans) => {
      batches.push(spans.map(({ name }) => name));
      return outcome();
    },
    onTrouble: (why) => troubles.push(why),
  });
  return { clock, queue, batches, troubles };
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await new Promise(setImmediate);
}

test('spans of a second go together, and are counted', async () => {
  const { clock, queue, batches } = queueTo(() => ({ type: 'taken' }));
  queue.add(span('a'));
  queue.add(span('b'));
  expect(batches).toEqual([]);
  await pass(clock, 1000);
  expect(batches).toEqual([['a', 'b']]);
  expect(queue.stats()).toMatchObject({ sent: 2, dropped: 0, waiting: 0, trouble: undefined });
});

test('while the receiver is away spans wait, and are sent when it is back; that is told once each', async () => {
  let isThere = false;
  const { clock, queue, batches, troubles } = queueTo(() =>
    isThere ? { type: 'taken' } : { type: 'unreachable', why: 'ECONNREFUSED' },
  );
  queue.add(span('a'));
  await pass(clock, 1000);
  queue.add(span('b'));
  await pass(clock, 5000);
  expect(queue.stats()).toMatchObject({ sent: 0, dropped: 0, waiting: 2, trouble: 'ECONNREFUSED' });
  isThere = true;
  await pass(clock, 5000);
  expect(batches.at(-1)).toEqual(['a', 'b']);
  expect(queue.stats()).toMatchObject({ sent: 2, dropped: 0, waiting: 0, trouble: undefined });
  expect(troubles).toEqual(['ECONNREFUSED', undefined]);
});

test('when too many wait, the oldest are given up', async () => {
  const { clock, queue } = queueTo(() => ({ type: 'unreachable', why: 'ECONNREFUSED' }));
  for (let index = 0; index < 3000; index++) queue.add(span(`${index}`));
  await pass(clock, 1000);
  expect(queue.stats()).toMatchObject({ waiting: 2048, dropped: 952 });
});

test('the newest of too many reach a receiver that comes back', async () => {
  let isThere = false;
  const { clock, queue, batches } = queueTo(() =>
    isThere ? { type: 'taken' } : { type: 'unreachable', why: 'ECONNREFUSED' },
  );
  for (let index = 0; index < 3000; index++) queue.add(span(`${index}`));
  await pass(clock, 1000);
  isThere = true;
  for (let round = 0; round < 10; round++) await pass(clock, 5000);
  const received = batches.slice(1).flat();
  expect(received[0]).toBe('952');
  expect(received.at(-1)).toBe('2999');
  expect(received).toHaveLength(2048);
});

test('what the receiver refuses is not sent again, and does not hold up the next', async () => {
  let outcome: SendOutcome = { type: 'refused', why: 'HTTP 400' };
  const { clock, queue, batches } = queueTo(() => outcome);
  queue.add(span('bad'));
  await pass(clock, 1000);
  expect(queue.stats()).toMatchObject({ dropped: 1, waiting: 0, trouble: 'HTTP 400' });
  outcome = { type: 'taken' };
  queue.add(span('good'));
  await pass(clock, 5000);
  expect(batches).toEqual([['bad'], ['good']]);
});

test('stopping sends what waits, but does not wait for a receiver that is known to be away', async () => {
  const reachable = queueTo(() => ({ type: 'taken' }));
  reachable.queue.add(span('a'));
  await reachable.queue.stop();
  expect(reachable.batches).toEqual([['a']]);
  const away = queueTo(() => ({ type: 'unreachable', why: 'ECONNREFUSED' }));
  away.queue.add(span('a'));
  await pass(away.clock, 1000);
  await away.queue.stop();
  expect(away.batches).toHaveLength(1);
});
