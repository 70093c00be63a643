import { expect, test } from 'vitest';
import { apiUnderTest } from '../support/api.ts';
import { someEvent } from '../support/rows.ts';

/** A store in which a receiver would not take some events. */
async function withDeadLetters(count: number) {
  const under = await apiUnderTest();
  const { outbox, events } = under.store;
  const sinks = ['webhook-a', 'webhook-b'];
  for (const sinkId of sinks) await outbox.lease({ sinkId, holder: 'n', nowMs: 1, untilMs: 2 });
  for (let i = 0; i < count; i++) {
    const { id } = await events.append(someEvent({ type: 'key.created' }));
    for (const sinkId of sinks) {
      const letter = { sinkId, eventId: id, attempts: 2, error: 'it answers 410', buriedAtMs: 1_700_000_000_000 };
      await outbox.advance({ sinkId, holder: 'n', fromEventId: id - 1, lastEventId: id, buried: [letter] });
    }
  }
  return under;
}

test('dead letters are listed in pages, oldest events first, of all or of one receiver', async () => {
  const { call } = await withDeadLetters(5);
  const seen: [number, string][] = [];
  let cursor: string | null = '';
  do {
    const { status, body } = await call('GET', `/events/dead-letters?limit=3${cursor && `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    for (const { event_id: id, receiver } of body.items) seen.push([id, receiver]);
    cursor = body.next_cursor;
  } while (cursor !== null);
  expect(seen).toEqual(
    [1, 2, 3, 4, 5].flatMap((id) => [
      [id, 'webhook-a'],
      [id, 'webhook-b'],
    ]),
  );
  const { body } = await call('GET', '/events/dead-letters?receiver=webhook-b');
  expect(body.items).toHaveLength(5);
  expect(body.items[0]).toEqual({
    receiver: 'webhook-b',
    event_id: 1,
    attempts: 2,
    error: 'it answers 410',
    given_up_at: '2023-11-14T22:13:20.000Z',
  });
});

test('a cursor that no list has given is refused', async () => {
  const { call } = await apiUnderTest();
  expect((await call('GET', '/events/dead-letters?cursor=x')).body).toMatchObject({ code: 'STORE_CURSOR_INVALID' });
});

test('where no server runs nothing is delivered, and that is said', async () => {
  const { call } = await apiUnderTest();
  expect((await call('GET', '/events/receivers')).body).toMatchObject({ code: 'EVENTS_NOT_DELIVERED_HERE' });
  const replay = await call('POST', '/events/replay', { dead_letters: true });
  expect(replay).toMatchObject({ status: 503, body: { code: 'EVENTS_NOT_DELIVERED_HERE' } });
});

test.each([{ from: 0 }, { from: 'x' }, { receivers: 'x' }])('a request to replay %j is a mistake', async (body) => {
  const { call } = await apiUnderTest();
  expect((await call('POST', '/events/replay', body)).status).toBe(400);
});
