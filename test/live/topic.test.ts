import { expect, test } from 'vitest';
import { keptNotifications, type Told, Topic } from '../../src/live/topic.ts';

function topicUnderTest() {
  let nowMs = 1_700_000_000_000;
  let figures: object | undefined = { viewers: 1 };
  const topic = new Topic({ streamId: 'st_a', wallMs: () => nowMs, snapshot: () => figures });
  const heard: { type: string; seq: number; data: Record<string, unknown> }[] = [];
  const take = ({ text }: Told) => void heard.push(JSON.parse(text));
  const listener = { snapshot: take, notification: take };
  const lapse = (ms: number) => {
    nowMs += ms;
  };
  const forget = () => {
    figures = undefined;
  };
  return { topic, heard, listener, lapse, forget };
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
  after.lapse(61_000);
  const restarted = new Topic({ streamId: 'st_a', wallMs: () => 1_700_000_061_000, snapshot: () => ({}) });
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
