import { expect, test } from 'vitest';
import { eventPage } from '../../src/contract/events.ts';
import { apiUnderTest } from '../support/api.ts';
import { someEvent, someStream } from '../support/rows.ts';

test('events are listed oldest first, of a stream, of some types, and behind one that is known', async () => {
  const { call, store } = await apiUnderTest();
  const row = someStream();
  await store.streams.create(row, someEvent({ type: 'stream.created', streamId: row.id }));
  for (const type of ['stream.started', 'stream.interrupted', 'stream.resumed', 'stream.ended'] as const) {
    await store.events.append(someEvent({ type, streamId: row.id }));
  }
  await store.events.append(someEvent({ type: 'key.created', streamId: null }));
  const list = async (query: string) => {
    const { items, next_cursor: next } = eventPage.parse((await call('GET', `/events?${query}`)).body);
    return { types: items.map(({ type }) => type), ids: items.map(({ id }) => id), next };
  };
  const all = await list('');
  expect(all.types).toHaveLength(6);
  expect((await list(`stream=${row.id}`)).types).toHaveLength(5);
  expect((await list(`stream=${row.channel}&types=stream.ended,stream.started`)).types).toEqual([
    'stream.started',
    'stream.ended',
  ]);
  expect((await list('types=key.created')).types).toEqual(['key.created']);
  expect((await list(`after=${all.ids[3]}`)).ids).toEqual(all.ids.slice(4));
  const first = await list('limit=4');
  expect((await list(`limit=4&cursor=${first.next}`)).ids).toEqual(all.ids.slice(4));
  expect((await call('GET', '/events?types=DROP%20TABLE')).body.code).toBe('API_INPUT_INVALID');
});
