import { expect, onTestFinished, test } from 'vitest';
import { type KafkaTarget, parseEventsUrl } from '../../../src/config/events-url.ts';
import type { EventEnvelope } from '../../../src/contract/event-types.ts';
import { KafkaReceiver } from '../../../src/events/kafka/kafka-receiver.ts';
import { someEnvelope } from '../../support/events.ts';
import { type ConsumedRecord, KafkaMock } from '../../support/kafka-mock.ts';

function receiverOf(url: string): KafkaReceiver {
  const receiver = new KafkaReceiver(parseEventsUrl(url) as KafkaTarget);
  onTestFinished(() => receiver.close());
  return receiver;
}

const never = new AbortController().signal;
const batch = (from: number, count: number) => Array.from({ length: count }, (_, i) => someEnvelope(from + i));

/** Ids of each key, in the order they are in. */
function idsByKey(records: readonly ConsumedRecord[]): Map<string, number[]> {
  const ids = new Map<string, number[]>();
  for (const { key, value } of records) {
    const { id, stream_id: streamId } = JSON.parse(value) as EventEnvelope;
    expect(key).toBe(streamId);
    ids.set(key, [...(ids.get(key) ?? []), id]);
  }
  return ids;
}

test('events become records: the stream is the key, one key is in one partition, in order', async () => {
  const kafka = await KafkaMock.start();
  const receiver = receiverOf(`kafka://${kafka.address}/events`);
  expect(await receiver.deliver(batch(0, 100), never)).toEqual({ acknowledged: 100 });
  expect(await receiver.deliver(batch(100, 50), never)).toEqual({ acknowledged: 50 });
  const records = await kafka.consume('events');
  expect(records.map(({ value }) => JSON.parse(value).id as number).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 150 }, (_, i) => i),
  );
  expect(JSON.parse(records[0]!.value)).toEqual(someEnvelope(JSON.parse(records[0]!.value).id));
  const ids = idsByKey(records);
  expect([...ids.keys()].toSorted()).toEqual(['st_a', 'st_b', 'st_c', 'st_d', 'st_e']);
  for (const ofKey of ids.values()) expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
  for (const key of ids.keys()) {
    expect(new Set(records.filter((record) => record.key === key).map(({ partition }) => partition)).size).toBe(1);
  }
}, 60_000);

test.each([
  ['a stream key', { type: 'key.created', stream_id: null, data: { key_id: 'k1' } }, 'k1'],
  ['a token', { type: 'token.revoked', stream_id: null, data: { token_id: 't1' } }, 't1'],
  ['nothing in particular', { type: 'other.thing', stream_id: null, data: {} }, 'other.thing'],
])('an event about %s has that as its key', async (_name, members, key) => {
  const kafka = await KafkaMock.start();
  const receiver = receiverOf(`kafka://${kafka.address}/events`);
  await receiver.deliver([someEnvelope(1, members)], never);
  expect((await kafka.consume('events')).map((record) => record.key)).toEqual([key]);
});

test('a broker that is away for a while gets everything when it is back, in order for each key', async () => {
  const kafka = await KafkaMock.start();
  const receiver = receiverOf(`kafka://${kafka.address}/events`);
  let next = 0;
  let failures = 0;
  let isFrozen = false;
  while (next < 400) {
    if (next === 200 && failures === 0 && !isFrozen) {
      kafka.freeze();
      isFrozen = true;
    }
    const { acknowledged, problem } = await receiver.deliver(batch(next, 20), AbortSignal.timeout(800));
    expect(problem?.isRefusal ?? false).toBe(false);
    if (acknowledged === 0 && ++failures === 3) kafka.thaw();
    next += acknowledged;
  }
  expect(failures).toBeGreaterThanOrEqual(3);
  const ids = idsByKey(await kafka.consume('events'));
  const all = new Set([...ids.values()].flat());
  expect(all).toEqual(new Set(Array.from({ length: 400 }, (_, i) => i)));
  for (const ofKey of ids.values()) {
    // What was sent again is there twice; without it the order is that of the events.
    expect([...new Set(ofKey)]).toEqual([...new Set(ofKey)].toSorted((a, b) => a - b));
  }
}, 60_000);

test('a broker that is not there is told of, without the password', async () => {
  const receiver = receiverOf('kafka://bob:hunter2@127.0.0.1:1,127.0.0.1:2/events?mechanism=scram-sha-512');
  const result = await receiver.deliver(batch(0, 1), AbortSignal.timeout(8000));
  expect(result).toMatchObject({ acknowledged: 0, problem: { isRefusal: false, error: 'ECONNREFUSED' } });
  expect(`${receiver.id} ${receiver.place} ${JSON.stringify(result)}`).not.toMatch(/hunter2|bob/);
});
