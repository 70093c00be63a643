import { expect, test } from 'vitest';
import { type SessionView, sessionPage } from '../../src/contract/sessions.ts';
import { apiUnderTest } from '../support/api.ts';
import { someEvent, someSession, someStream } from '../support/rows.ts';

async function withViewers() {
  const rig = await apiUnderTest();
  const stream = someStream({ channel: 'show' });
  await rig.store.streams.create(stream, someEvent({ streamId: stream.id }));
  const session = (id: string, startedAtMs: number, endedAtMs: number | null) =>
    someSession({ id, streamId: stream.id, startedAtMs, endedAtMs });
  rig.watching.push(session('vs_a', 10, null), session('vs_b', 20, null), session('vs_c', 20, null));
  await rig.store.sessions.save([
    session('vs_x', 1, 5),
    session('vs_y', 2, 5),
    session('vs_z', 3, 5),
    session('vs_a', 10, null),
  ]);
  const ids = async (limit: number) => {
    const found: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await rig.call(
        'GET',
        `/streams/show/sessions?limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      const page = sessionPage.parse(body);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      found.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    return found;
  };
  return { ...rig, ids };
}

for (const limit of [1, 2, 3, 4, 6, 100]) {
  test(`those who watch come first, then those who have left, each once: ${limit} a page`, async () => {
    const { ids } = await withViewers();
    expect(await ids(limit)).toEqual(['vs_a', 'vs_b', 'vs_c', 'vs_z', 'vs_y', 'vs_x']);
  });
}

test('a session is told with times and reasons, and with no more of the address than its network', async () => {
  const { call } = await withViewers();
  const { body } = await call('GET', '/streams/show/sessions?limit=1');
  expect((body as { items: SessionView[] }).items[0]).toMatchObject({
    id: 'vs_a',
    started_at: '1970-01-01T00:00:00.010Z',
    ended_at: null,
    network: '203.0.113.0/24',
    startup_ms: 612,
    startup_source: 'beacon',
    qualities: [{ at: '1970-01-01T00:00:01.000Z', rendition: '720p', reason: 'startup' }],
  });
});

test('a stream that is not known has no sessions, and a cursor that nobody gave is refused', async () => {
  const { call } = await withViewers();
  expect((await call('GET', '/streams/other/sessions')).status).toBe(404);
  for (const cursor of ['x', 'live.x.y', 'ended.x']) {
    expect(await call('GET', `/streams/show/sessions?cursor=${cursor}`)).toMatchObject({
      status: 400,
      body: { code: 'STORE_CURSOR_INVALID' },
    });
  }
});
