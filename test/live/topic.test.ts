import { expect, test } from 'vitest';
import { keptNotifications, type Told, Topic } from '../../src/live/topic.ts';
import { ManualClock } from '../support/manual-clock.ts';

function topicUnderTest() {
  const clock = new ManualClock();
  let figures: object | undefined = { viewers: 1 };
  const topic = new Topic({ streamId: 'st_a', clock, snapshot: () => figures });
  const heard: { type: string; seq: number; data: Record<string, unknown> }[] = [];
  const take = ({ text }: Told) => void heard.push(JSON.parse(text));
  const listener = { snapshot: take, notification: take };
  const forget = () => {
    figures = undefined;
  };
  return { topic, heard, listener, clock, forget };
}

const event = (id: number) => ({ type: 'event' as const, data: { id } });

test('one snapshot is written for all who listen, and none where nobody does', () => {
  const { topic, listener } = topicUnderTest();
  topic.tellSnapshot();
  const texts: string[] = [];
  for (let count = 0; count < 3; count++) {
    topic.join({ ...listener, snapshot: ({ text }) => void texts.push(text) });
  }
  texts.length = 0;
  topic.tellSnapshot();
  expect(texts).toHaveLength(3);
  expect(new Set(texts).size).toBe(1);
});

test('numbers grow by one, and whoever comes begins where the others are', () => {
  const { topic, heard, listener } = topicUnderTest();
  topic.join({ snapshot: () => {}, notification: () => {} });
  topic.tellSnapshot();
  topic.notify(event(1), null);
  topic.join(listener);
  topic.notify(event(2), null);
  topic.tellSnapshot();
  const [first] = heard;
  expect(heard.map(({ type, seq }) => [type, seq - first!.seq])).toEqual([
    ['snapshot', 0],
    ['event', 1],
    ['snapshot', 2],
  ]);
});

test('who comes back hears what was told since, and how much of it nobody knows any more', () => {
  const { topic, heard, listener } = topicUnderTest();
  topic.notify(event(0), null);
  topic.join(listener);
  const { seq } = heard[0]!;
  topic.listeners.clear();
  heard.length = 0;
  for (let id = 1; id <= keptNotifications; id++) topic.notify(event(id), null);
  topic.join(listener, seq);
  expect(heard).toHaveLength(keptNotifications + 1);
  expect(heard[0]).toMatchObject({ type: 'event', seq: seq + 1, data: { id: 1 } });
  topic.listeners.clear();
  heard.length = 0;
  topic.notify(event(keptNotifications + 1), null);
  topic.notify(event(keptNotifications + 2), null);
  topic.join(listener, seq);
  expect(heard[0]).toMatchObject({ type: 'lost', seq: seq + 2 });
  expect(heard[1]).toMatchObject({ type: 'event', data: { id: 3 } });
});

test('after a restart numbers are above all before, and nobody knows what was missed', () => {
  const before = topicUnderTest();
  before.topic.join(before.listener);
  for (let second = 0; second < 60; second++) before.topic.tellSnapshot();
  const { seq } = before.heard.at(-1)!;
  const after = topicUnderTest();
  after.clock.advance(61_000);
  const restarted = new Topic({ streamId: 'st_a', clock: after.clock, snapshot: () => ({}) });
  restarted.join(after.listener, seq);
  expect(after.heard[0]).toMatchObject({ type: 'lost', data: { count: null } });
  expect(after.heard[0]!.seq).toBeGreaterThan(seq);
});

test('where nothing is known there is no snapshot, but what happens is told', () => {
  const { topic, heard, listener, forget } = topicUnderTest();
  forget();
  topic.join(listener);
  topic.tellSnapshot();
  topic.notify(event(1), 'st_b');
  expect(heard).toMatchObject([{ type: 'event', stream_id: 'st_b' }]);
});

/** So many that each count what they are told, by the number of the message. */
function crowdOf(count: number) {
  const seqs = Array.from({ length: count }, (): number[] => []);
  const listeners = seqs.map((heard) => {
    const take = ({ seq }: Told) => void heard.push(seq);
    return { snapshot: take, notification: take };
  });
  return { seqs, listeners };
}

test('of many listeners some hear a snapshot a moment later, so that nobody else waits, and all the same one', () => {
  const { topic, clock } = topicUnderTest();
  const { seqs, listeners } = crowdOf(250);
  for (const listener of listeners) topic.join(listener);
  topic.tellSnapshot();
  const told = () => seqs.filter(({ length }) => length === 2).length;
  expect(told()).toBe(100);
  clock.advance(5);
  expect(told()).toBe(200);
  clock.advance(5);
  expect(told()).toBe(250);
  clock.advance(1000);
  expect(new Set(seqs.map((heard) => heard.join(' '))).size).toBe(1);
});

test('numbers come in order to each of many, also when something happens while a snapshot goes round', () => {
  const { topic, clock } = topicUnderTest();
  const { seqs, listeners } = crowdOf(250);
  for (const listener of listeners) topic.join(listener);
  topic.tellSnapshot();
  topic.notify(event(1), null);
  topic.tellSnapshot();
  topic.tellSnapshot(); // on a machine that is too slow for the one before
  clock.advance(1000);
  const [first = 0] = seqs[0]!;
  for (const heard of seqs) expect(heard.map((seq) => seq - first)).toEqual([0, 1, 2, 3, 4]);
});

test('who has left while a snapshot goes round is not told it, who comes is told once', () => {
  const { topic, clock, heard, listener } = topicUnderTest();
  const { seqs, listeners } = crowdOf(250);
  for (const one of listeners) topic.join(one);
  topic.tellSnapshot();
  topic.listeners.delete(listeners[249]!);
  topic.join(listener);
  clock.advance(1000);
  expect(seqs[249]).toHaveLength(1);
  expect(heard).toHaveLength(1);
});
