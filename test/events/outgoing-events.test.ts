import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure, refusal, ScriptedReceiver } from '../support/event-receiver.ts';
import { startEventsNode } from '../support/events-node.ts';
import { someEvent, someKey } from '../support/rows.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

async function outgoingUnderTest() {
  const one = new ScriptedReceiver({ id: 'one' });
  const two = new ScriptedReceiver({ id: 'two', batchSize: 50 });
  const url = `sqlite:${join(tempDir(), 'streamctl.db')}`;
  return { ...(await startEventsNode(url, 'n', [one, two])), one, two };
}

test('what this node writes is delivered at once', async () => {
  const { store, one } = await outgoingUnderTest();
  await store.keys.create(someKey(), someEvent({ type: 'key.created' }));
  const sinceMs = performance.now();
  await until('it is there', () => one.acknowledged.length === 1);
  expect(performance.now() - sinceMs).toBeLessThan(900); // sooner than the look once a second
});

test('a receiver that fails keeps nobody else waiting, and is told of', async () => {
  const { one, two, outgoing, write } = await outgoingUnderTest();
  one.answer = () => failure('out for lunch');
  const ids = await write(100);
  await until('the other has all', () => two.acknowledged.length === 100);
  expect(two.acknowledged).toEqual(ids);
  const [first, second] = await outgoing.status();
  expect(first).toMatchObject({ id: 'one', state: 'retrying', error: 'out for lunch', waiting: 100, dead: 0 });
  expect(second).toMatchObject({ id: 'two', state: 'idle', error: undefined, waiting: 0, delivered: 100 });
  expect(outgoing.warnings()).toEqual(['events do not reach test (one): out for lunch']);
});

test('what was refused can be delivered again, and what is refused again stays', async () => {
  const { store, one, outgoing, write } = await outgoingUnderTest();
  one.answer = () => refusal();
  const ids = await write(3);
  const letters = async () => (await store.outbox.deadLetters({ limit: 9 })).map(({ eventId }) => eventId);
  await until('all are given up', async () => (await letters()).length === 3);
  one.answer = ([event]) => (event?.id === ids[1] ? refusal() : { acknowledged: 1 });
  expect(await outgoing.replay({ deadLetters: true, receiverId: 'one' })).toEqual([
    { receiverId: 'one', events: 0, deadLetters: 3 },
  ]);
  await until('two are delivered', () => one.acknowledged.length === 2);
  await until('one is left', async () => (await letters()).length === 1);
  expect(await letters()).toEqual([ids[1]]);
});

test('from an event on everything is delivered again, to one or to all', async () => {
  const { one, two, outgoing, write } = await outgoingUnderTest();
  const ids = await write(10);
  await until('all are there', () => one.acknowledged.length === 10 && two.acknowledged.length === 10);
  await outgoing.replay({ fromEventId: ids[7], receiverId: 'one' });
  await until('three come again', () => one.acknowledged.length === 13);
  expect(one.acknowledged.slice(10)).toEqual(ids.slice(7));
  expect(two.acknowledged).toHaveLength(10);
  await outgoing.replay({ fromEventId: ids[9] });
  await until('one comes again', () => one.acknowledged.length === 14 && two.acknowledged.length === 11);
});

test('a replay of nothing, and to nobody, is refused', async () => {
  const { outgoing } = await outgoingUnderTest();
  await expect(outgoing.replay({})).rejects.toMatchObject({ code: 'EVENTS_REPLAY_NOTHING' });
  const toNobody = outgoing.replay({ receiverId: 'three', deadLetters: true });
  await expect(toNobody).rejects.toMatchObject({ code: 'EVENTS_RECEIVER_UNKNOWN' });
});

test('a receiver that is not configured any more is shown as such, and warns of nothing', async () => {
  const { store, outgoing, write } = await outgoingUnderTest();
  await store.outbox.lease({ sinkId: 'gone', holder: 'x', nowMs: 1, untilMs: 2 });
  await write(2);
  const gone = (await outgoing.status()).find(({ id }) => id === 'gone');
  expect(gone).toMatchObject({ kind: null, state: 'unconfigured', waiting: 2 });
  expect(outgoing.warnings()).toEqual([]);
});
