import pino from 'pino';
import { expect, test } from 'vitest';
import { StreamctlError } from '../../src/base/errors.ts';
import { ContinuityRecords } from '../../src/pipeline/continuity-records.ts';
import { StreamJournal } from '../../src/pipeline/stream-journal.ts';
import type { Continuity } from '../../src/stream/continuity.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { until } from '../support/until.ts';

const away = () => new StreamctlError('STORE_UNREACHABLE', { path: 'postgres://db', reason: 'ECONNREFUSED' });

function setUp() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const written: unknown[] = [];
  const store = { isAway: false, attempts: 0 };
  const journal = new StreamJournal(log, new ManualClock());
  const write = (fact: unknown, onLost?: () => void) =>
    journal.write(async () => {
      store.attempts++;
      if (store.isAway) throw away();
      written.push(fact);
    }, onLost);
  return { journal, store, write, written, lines };
}

test('while the store is away facts wait, and arrive in order when it is back', async () => {
  const { journal, store, write, written } = setUp();
  store.isAway = true;
  for (let fact = 0; fact < 50; fact++) write(fact);
  await until('it was tried twice', () => store.attempts >= 2);
  expect(journal.waitingWrites).toBe(50);
  store.isAway = false;
  for (let fact = 50; fact < 60; fact++) write(fact);
  await until('everything is written', () => journal.waitingWrites === 0);
  expect(written).toEqual(Array.from({ length: 60 }, (_, fact) => fact));
  expect(journal.lostWrites).toBe(0);
});

test('who waits for what was written is not held by a store that is away', async () => {
  const { journal, store, write, written } = setUp();
  store.isAway = true;
  write(1);
  await journal.settled();
  expect(written).toEqual([]);
  await journal.settled();
  store.isAway = false;
  await journal.close();
  expect(written).toEqual([1]);
});

test('who waits for what was written does not wait for what comes after', async () => {
  const { journal } = setUp();
  const { promise: laterFact, resolve } = Promise.withResolvers<void>();
  let isWritten = false;
  journal.write(async () => {
    isWritten = true;
  });
  const settled = journal.settled();
  journal.write(() => laterFact);
  await settled;
  expect(isWritten).toBe(true);
  expect(journal.waitingWrites).toBe(1);
  resolve();
  await journal.settled();
  expect(journal.waitingWrites).toBe(0);
});

test('what waits is bounded: the oldest is given up, counted and told once', async () => {
  const { journal, store, write, written, lines } = setUp();
  store.isAway = true;
  const lost: number[] = [];
  for (let fact = 0; fact <= 10_005; fact++) write(fact, () => lost.push(fact));
  expect(journal.waitingWrites).toBe(10_001); // one is under way
  expect(journal.lostWrites).toBe(5);
  expect(lost).toEqual([1, 2, 3, 4, 5]);
  expect(lines).toMatchObject([{ msg: expect.stringContaining('too many store writes'), lost_writes: 1 }]);
  store.isAway = false;
  await until('everything is written', () => journal.waitingWrites === 0);
  expect(written).toEqual([0, ...Array.from({ length: 10_000 }, (_, i) => i + 6)]);
});

test('a server that stops waits once for a store that is away, and says how much it gave up', async () => {
  const { journal, store, write, written, lines } = setUp();
  store.isAway = true;
  const lost: number[] = [];
  for (let fact = 0; fact < 1000; fact++) write(fact, () => lost.push(fact));
  await journal.settled();
  const attempts = store.attempts;
  await journal.close();
  expect(store.attempts).toBe(attempts + 1);
  expect(written).toEqual([]);
  expect(lost).toHaveLength(1000);
  expect(journal).toMatchObject({ lostWrites: 1000, waitingWrites: 0 });
  expect(lines.at(-1)).toMatchObject({ writes: 1000, lost_writes: 1000 });
  write(1000);
  expect(journal).toMatchObject({ lostWrites: 1001, waitingWrites: 0 });
});

test('a server that stops writes everything to a store that answers', async () => {
  const { journal, write, written } = setUp();
  for (let fact = 0; fact < 100; fact++) write(fact);
  await journal.close();
  expect(written).toHaveLength(100);
});

test('a write that can never succeed is lost alone', async () => {
  const { journal, write, written, lines } = setUp();
  write(1);
  journal.write(() => Promise.reject(new StreamctlError('STREAM_UNKNOWN', { stream: 'st_x' })));
  write(2);
  await journal.close();
  expect(written).toEqual([1, 2]);
  expect(journal.lostWrites).toBe(1);
  expect(lines).toMatchObject([{ msg: 'a store write failed', err: { code: 'STREAM_UNKNOWN' } }]);
});

test.each([
  ['a stream that is there', Object.assign(new Error('duplicate key'), { code: '23505' })],
  [
    'a state that is reached',
    new StreamctlError('STREAM_TRANSITION_ILLEGAL', { streamId: 'st_x', from: 'ACTIVE', to: 'ACTIVE', reason: '' }),
  ],
])('a write whose answer was lost has succeeded when it meets %s, but only then', async (_, repetition) => {
  const { journal } = setUp();
  let attempts = 0;
  journal.write(async () => {
    throw attempts++ === 0 ? away() : repetition;
  });
  await until('it is done', () => journal.waitingWrites === 0);
  expect(journal.lostWrites).toBe(0);
  journal.write(() => Promise.reject(repetition));
  await journal.close();
  expect(journal.lostWrites).toBe(1);
});

const continuity = (nextMsn: number) => ({ nextMsn, renditions: [] }) as unknown as Continuity;

test('of the continuity of a stream only the newest waits for a store that is away', async () => {
  const { journal, store } = setUp();
  const saved: unknown[] = [];
  const records = new ContinuityRecords(
    {
      saveContinuity: async (entries) => {
        if (store.isAway) throw away();
        saved.push(entries.map(({ streamId, continuity: json }) => [streamId, (json as { nextMsn: number }).nextMsn]));
      },
    },
    journal,
  );
  store.isAway = true;
  for (let second = 1; second <= 100; second++) {
    records.save([{ streamId: 'st_a', continuity: continuity(second) }]);
    if (second === 50)
      records.save([
        { streamId: 'st_b', continuity: continuity(7) },
        { streamId: 'st_c', continuity: continuity(8) },
      ]);
  }
  expect(journal.waitingWrites).toBe(1);
  records.forget('st_c');
  store.isAway = false;
  await until('it is written', () => journal.waitingWrites === 0);
  expect(saved).toEqual([
    [
      ['st_a', 100],
      ['st_b', 7],
    ],
  ]);
  records.save([{ streamId: 'st_a', continuity: continuity(101) }]);
  await journal.close();
  expect(saved.at(-1)).toEqual([['st_a', 101]]);
});
