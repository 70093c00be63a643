import { expect, test } from 'vitest';
import { keyPage } from '../../src/contract/keys.ts';
import { apiUnderTest } from '../support/api.ts';

async function setUp() {
  const under = await apiUnderTest();
  const send = async (method: string, path: string, body: unknown, headers: Record<string, string>) => {
    const init = body === undefined ? { method, headers } : { method, body: JSON.stringify(body), headers };
    const response = await under.api.request(path, init);
    const text = await response.text();
    return {
      status: response.status,
      etag: response.headers.get('etag') ?? '',
      body: text === '' ? null : JSON.parse(text),
    };
  };
  const json = { 'content-type': 'application/json' };
  const { body: key } = await under.call('POST', '/keys', { channel: 'a', policy: { max_height: 720, record: true } });
  return { ...under, send, json, path: `/keys/${key.id}` };
}

test('keys are listed in pages that hold each of them once', async () => {
  const { keys, call } = await apiUnderTest();
  for (let i = 0; i < 7; i++) await keys.create({ channel: i === 3 ? 'b' : 'a' });
  const seen: string[] = [];
  let cursor: string | null = '';
  let pages = 0;
  for (; cursor !== null; pages++) {
    const page = keyPage.parse((await call('GET', `/keys?limit=3${cursor && `&cursor=${cursor}`}`)).body);
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  expect(pages).toBe(3);
  expect(seen).toEqual((await keys.list()).map(({ id }) => id));
  expect(keyPage.parse((await call('GET', '/keys?channel=b')).body).items).toHaveLength(1);
  expect((await call('GET', '/keys?cursor=nonsense')).body.code).toBe('STORE_CURSOR_INVALID');
  expect((await call('GET', '/keys?limit=1001')).body.code).toBe('API_INPUT_INVALID');
});

test('a policy is patched member by member; null takes a limit away', async () => {
  const { call, path } = await setUp();
  expect((await call('PATCH', path, { policy: { max_bitrate_bps: 5_000_000 } })).body.policy).toEqual({
    max_height: 720,
    record: true,
    max_bitrate_bps: 5_000_000,
  });
  expect((await call('PATCH', path, { policy: { max_height: null, record: null } })).body.policy).toEqual({
    max_bitrate_bps: 5_000_000,
  });
  expect((await call('PATCH', path, {})).body.policy).toEqual({ max_bitrate_bps: 5_000_000 });
});

test('patches that come at the same time are all made', async () => {
  const { call, path } = await setUp();
  const patches = [{ max_bitrate_bps: 1_000_000 }, { max_height: 1080 }, { ladder: ['360p'] }, { playback: 'signed' }];
  await Promise.all(patches.map((policy) => call('PATCH', path, { policy })));
  expect((await call('GET', path)).body.policy).toEqual(Object.assign({ record: true }, ...patches));
});

test('a change that expects another state is refused, and nothing is changed', async () => {
  const { send, json, path } = await setUp();
  const { etag, body: before } = await send('GET', path, undefined, {});
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  const stale = { ...json, 'if-match': etag };
  const first = await send('PATCH', path, { policy: { record: null } }, stale);
  expect(first.status).toBe(200);
  expect(first.etag).not.toBe(etag);
  for (const method of ['PATCH', 'DELETE']) {
    const refused = await send(method, path, method === 'PATCH' ? { expires_at: null } : undefined, stale);
    expect([refused.status, refused.body.code]).toEqual([412, 'API_PRECONDITION_FAILED']);
  }
  expect((await send('GET', path, undefined, {})).body).toEqual({ ...before, policy: { max_height: 720 } });
  expect((await send('DELETE', path, undefined, { 'if-match': `"other", ${first.etag}` })).status).toBe(200);
  expect((await send('PATCH', path, {}, { ...json, 'if-match': '*' })).status).toBe(200);
});

test('of two changes of the same state only one is made', async () => {
  const { send, json, path } = await setUp();
  const { etag } = await send('GET', path, undefined, {});
  const patches = [480, 360, 240].map((height) =>
    send('PATCH', path, { policy: { max_height: height } }, { ...json, 'if-match': etag }),
  );
  const statuses = (await Promise.all(patches)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([200, 412, 412]);
});

test('a key that is known is not told again', async () => {
  const { send, json, path } = await setUp();
  const { etag } = await send('GET', path, undefined, {});
  expect(await send('GET', path, undefined, { 'if-none-match': `W/${etag}` })).toMatchObject({
    status: 304,
    body: null,
    etag,
  });
  await send('PATCH', path, { policy: { record: null } }, json);
  expect((await send('GET', path, undefined, { 'if-none-match': etag })).status).toBe(200);
});
