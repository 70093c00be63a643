import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DeliveryLoop } from '../../src/events/delivery-loop.ts';
import { Envelopes } from '../../src/events/envelopes.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/ports/store.ts';
import { failure, refusal, ScriptedReceiver } from '../support/event-receiver.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { someEvent } from '../support/rows.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const log = { info: () => {}, warn: () => {} };
const hourMs = 3_600_000;

async function openTestStore(path = join(tempDir(), 'streamctl.db')): Promise<Store> {
  const store = await openStore({ url: `sqlite:${path}` });
  onTestFinished(() => store.close());
  return store;
}

/** A loop over a real store, on a clock that the test moves. */
async function loopUnderTest({
  store,
  holder = 'a',
  batchSize = 1,
  receiver,
}: {
  store?: Store;
  holder?: string;
  batchSize?: number;
  receiver?: ScriptedReceiver;
} = {}) {
  const clock = new ManualClock();
  const opened = store ?? (await openTestStore());
  const target = receiver ?? new ScriptedReceiver({ batchSize, nowMs: () => clock.monotonicMs() });
  const loop = new DeliveryLoop({
    receiver: target,
    store: opened,
    envelopes: new Envelopes(opened.streams),
    holder,
    clock,
    random: () => 0.5,
    log,
  });
  const write = async (count: number, type = 'key.created') => {
    const ids: number[] = [];
    for (let i = 0; i < count; i++)
      ids.push((await opened.events.append(someEvent({ type: type as 'key.created' }))).id);
    return ids;
  };
  /** Lets time pass, in steps that a loop can follow, until something holds. */
  const pass = (what: string, condition: () => boolean | Promise<boolean>, stepMs = 500) =>
    until(what, async () => {
      clock.advance(stepMs);
      return await condition();
    });
  const begin = async () => {
    await loop.start();
    onTestFinished(() => loop.stop());
  };
  return { clock, store: opened, receiver: target, loop, write, pass, begin };
}

test('a receiver that is new gets what happens from now on, in order, once', async () => {
  const { receiver, loop, write, begin } = await loopUnderTest();
  await write(3);
  await begin();
  const ids = await write(250);
  loop.wake();
  await until('all are there', () => receiver.acknowledged.length >= 250);
  expect(receiver.offered).toEqual(ids);
  expect(loop.figures).toMatchObject({ delivered: 250, failed: 0, buried: 0 });
});

test('events of other writers are found within a second', async () => {
  const { clock, receiver, write, begin } = await loopUnderTest();
  await begin();
  const [id] = await write(1);
  await until('it rests', () => {
    clock.advance(1000);
    return receiver.offered.length > 0;
  });
  expect(receiver.offered).toEqual([id]);
});

test('what it does not want is passed over, and counts as had', async () => {
  const { store, receiver, loop, write, begin } = await loopUnderTest({ batchSize: 10 });
  receiver.types = ['key.revoked'];
  await begin();
  await write(150);
  const [wanted] = await write(1, 'key.revoked');
  const [last] = await write(5).then((ids) => ids.slice(-1));
  loop.wake();
  await until('all are passed', async () => (await store.outbox.backlog())[0]?.lastEventId === last);
  expect(receiver.offered).toEqual([wanted]);
});

test('while it is down everything waits, ever longer, and then comes in order without a hole', async () => {
  const { clock, store, receiver, loop, write, pass, begin } = await loopUnderTest();
  let isDown = true;
  receiver.answer = () => (isDown ? failure() : { acknowledged: 1 });
  await begin();
  const ids = await write(20);
  loop.wake();
  await pass('it has failed six times', () => receiver.offered.length >= 6, 2000);
  expect(new Set(receiver.offered)).toEqual(new Set([ids[0]]));
  const waits = receiver.offeredAtMs.slice(1).map((atMs, i) => atMs - receiver.offeredAtMs[i]!);
  for (const [i, waitMs] of waits.entries()) expect(waitMs).toBeGreaterThanOrEqual(1250 * 2 ** i);
  expect(loop.figures).toMatchObject({ delivered: 0, failed: 6, state: 'retrying', error: 'it is down' });
  expect((await store.outbox.backlog())[0]).toMatchObject({ waiting: 20, dead: 0 });
  isDown = false;
  await pass('all are there', () => receiver.acknowledged.length === 20, 5000);
  expect(receiver.acknowledged).toEqual(ids);
  expect(loop.figures).toMatchObject({ delivered: 20, error: undefined });
  expect(clock.monotonicMs()).toBeLessThan(hourMs);
});

test('news does not shorten the wait for one that is down', async () => {
  const { receiver, loop, write, begin } = await loopUnderTest();
  receiver.answer = () => failure();
  await begin();
  await write(1);
  loop.wake();
  await until('it has failed', () => loop.figures.failed === 1);
  for (let i = 0; i < 20; i++) {
    await write(1);
    loop.wake();
  }
  expect(receiver.offered).toHaveLength(1);
});

test('what it refuses for good is put away with its error, and the next one follows at once', async () => {
  const { store, receiver, loop, write, begin } = await loopUnderTest();
  await begin();
  const ids = await write(5);
  receiver.answer = ([event]) => (event?.id === ids[2] ? refusal('no room') : { acknowledged: 1 });
  loop.wake();
  await until('four are there', () => receiver.acknowledged.length === 4);
  expect(receiver.offered).toEqual(ids);
  const letters = await store.outbox.deadLetters({ limit: 9 });
  expect(letters).toMatchObject([{ sinkId: 'test', eventId: ids[2], attempts: 1, error: 'no room' }]);
  expect(loop.figures).toMatchObject({ delivered: 4, buried: 1, error: undefined });
});

test('an event that fails for a day is put away', async () => {
  const { store, receiver, loop, write, pass, begin } = await loopUnderTest();
  await begin();
  const [poison, next] = await write(2);
  receiver.answer = ([event]) => (event?.id === poison ? failure('it chokes') : { acknowledged: 1 });
  loop.wake();
  await until('it has failed', () => loop.figures.failed === 1);
  await pass('the next one is there', () => receiver.acknowledged.length === 1, hourMs);
  expect(receiver.acknowledged).toEqual([next]);
  const [letter] = await store.outbox.deadLetters({ limit: 9 });
  expect(letter).toMatchObject({ eventId: poison, error: 'it chokes', attempts: loop.figures.failed });
  const firstMs = receiver.offeredAtMs[0]!;
  expect(receiver.offeredAtMs.at(-2)! - firstMs).toBeGreaterThanOrEqual(24 * hourMs);
});

test('of a batch the part that was acknowledged is not delivered again', async () => {
  const { receiver, loop, write, pass, begin } = await loopUnderTest({ batchSize: 10 });
  await begin();
  const ids = await write(10);
  receiver.answer = (events) =>
    events.length === 10
      ? { acknowledged: 4, problem: { isRefusal: false, error: 'full' } }
      : { acknowledged: events.length };
  loop.wake();
  await pass('all are there', () => receiver.acknowledged.length >= 10);
  expect(receiver.acknowledged).toEqual(ids);
  expect(receiver.offered).toEqual([...ids, ...ids.slice(4)]);
});

test('a node that ends lets another go on where it stood', async () => {
  const path = join(tempDir(), 'streamctl.db');
  const a = await loopUnderTest({ store: await openTestStore(path), holder: 'a' });
  const b = await loopUnderTest({ store: await openTestStore(path), holder: 'b' });
  await a.begin();
  await b.begin();
  const first = await a.write(30);
  a.loop.wake();
  b.loop.wake();
  await until('a has delivered', () => a.receiver.acknowledged.length === 30);
  expect(b.loop.figures.state).toBe('elsewhere');
  await a.loop.stop();
  const second = await a.write(30);
  await b.pass('b has delivered', () => b.receiver.acknowledged.length === 30, 5000);
  expect([...a.receiver.offered, ...b.receiver.offered]).toEqual([...first, ...second]);
});

test('a node that was killed holds its receivers for half a minute at most; itself, started again, it goes on at once', async () => {
  const path = join(tempDir(), 'streamctl.db');
  const store = await openTestStore(path);
  const { wallMs } = { wallMs: new ManualClock().wallMs() };
  await store.outbox.lease({ sinkId: 'test', holder: 'a', nowMs: wallMs, untilMs: wallMs + 30_000 }); // and then it was killed
  const other = await loopUnderTest({ store, holder: 'b' });
  await other.begin();
  const ids = await other.write(3);
  await other.pass('b has taken over', () => other.receiver.acknowledged.length === 3, 4000);
  expect(other.receiver.offeredAtMs[0]).toBeGreaterThanOrEqual(30_000);
  expect(other.receiver.offeredAtMs[0]).toBeLessThan(40_000);
  expect(other.receiver.offered).toEqual(ids);
  await store.outbox.lease({ sinkId: 'test', holder: 'b', nowMs: wallMs, untilMs: wallMs + 10 * hourMs });
  const again = await loopUnderTest({ store, holder: 'b' });
  await again.begin();
  const [id] = await again.write(1);
  again.loop.wake();
  await until('it goes on', () => again.receiver.acknowledged.includes(id!));
});

test('a store that fails after a delivery gets the position later, and the receiver nothing twice', async () => {
  const store = await openTestStore();
  let isBroken = false;
  const outbox: Store['outbox'] = Object.assign(Object.create(store.outbox) as Store['outbox'], {
    advance: (step: Parameters<Store['outbox']['advance']>[0]) =>
      isBroken ? Promise.reject(new Error('the disk is full')) : store.outbox.advance(step),
  });
  const { receiver, loop, write, pass, begin } = await loopUnderTest({
    store: { ...store, outbox, events: store.events },
  });
  await begin();
  isBroken = true;
  const ids = await write(3);
  loop.wake();
  await until('the first is there', () => receiver.offered.length === 1);
  for (let i = 0; i < 5; i++) await pass('time goes by', () => true, 2000);
  expect(receiver.offered).toEqual(ids.slice(0, 1));
  isBroken = false;
  await pass('all are there', () => receiver.acknowledged.length === 3);
  expect(receiver.offered).toEqual(ids);
});

test('a receiver that is sent back gets everything from there again, also while it is being served', async () => {
  const { store, receiver, loop, write, begin } = await loopUnderTest();
  await begin();
  const ids = await write(10);
  receiver.answer = async ([event]) => {
    if (event?.id === ids[5] && receiver.offered.length === 6) {
      await store.outbox.seek('test', ids[1]!);
      loop.begin();
    }
    return { acknowledged: 1 };
  };
  loop.wake();
  await until('all are there', () => receiver.acknowledged.at(-1) === ids[9]);
  expect(receiver.offered).toEqual([...ids.slice(0, 6), ...ids.slice(2)]);
});

test('stopping waits for nobody and gives the receiver free', async () => {
  const { store, receiver, loop, write, begin } = await loopUnderTest();
  let arrived = () => {};
  const offered = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  receiver.answer = () => {
    arrived();
    return failure('it was broken off');
  };
  await begin();
  await write(1);
  loop.wake();
  await offered;
  await loop.stop();
  expect(receiver.isClosed).toBe(true);
  const lease = await store.outbox.lease({ sinkId: 'test', holder: 'b', nowMs: 0, untilMs: 1 });
  expect(lease).toEqual({ lastEventId: 0 });
});
