import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Identity } from '../../src/access/identity.ts';
import { apiUnderTest } from '../support/api.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { someEvent } from '../support/rows.ts';

const minuteMs = 60_000;

async function setUp(identify?: () => Promise<Identity>) {
  const clock = new ManualClock();
  const under = await apiUnderTest(identify, clock);
  const post = async (path: string, body: unknown, key?: string) => {
    const headers = { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) };
    const response = await under.api.request(path, { method: 'POST', body: JSON.stringify(body), headers });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return { ...under, clock, post };
}

test('a POST that is repeated is answered as it was first, and done once', async () => {
  const { post, keys } = await setUp();
  const first = await post('/keys', { channel: 'a' }, 'one');
  const again = await post('/keys', { channel: 'a' }, 'one');
  expect(again).toMatchObject({ status: 201, body: first.body });
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await keys.list()).toHaveLength(1);
  expect((await post('/keys', { channel: 'a' }, 'two')).body.id).not.toBe(first.body.id);
  expect((await post('/keys', { channel: 'a' })).body.id).not.toBe(first.body.id);
});

test('a refusal is remembered too', async () => {
  const { post } = await setUp();
  const first = await post('/keys', { channel: 'NO' }, 'one');
  expect(first.status).toBe(400);
  expect(await post('/keys', { channel: 'NO' }, 'one')).toMatchObject({ status: 400, body: first.body });
});

test('the same key for another request is a mistake', async () => {
  const { post } = await setUp();
  const { body } = await post('/keys', { channel: 'a' }, 'one');
  const mismatch = { status: 422, body: { code: 'API_IDEMPOTENCY_MISMATCH' } };
  expect(await post('/keys', { channel: 'b' }, 'one')).toMatchObject(mismatch);
  expect(await post(`/keys/${body.id}/rotate`, { channel: 'a' }, 'one')).toMatchObject(mismatch);
});

test('callers do not meet in each other’s keys', async () => {
  let tokenId = 'a';
  const { post } = await setUp(async () => ({ kind: 'token', tokenId, name: '', scopes: ['keys:write'] }));
  const first = await post('/keys', { channel: 'a' }, 'one');
  tokenId = 'b';
  const other = await post('/keys', { channel: 'a' }, 'one');
  expect(other.status).toBe(201);
  expect(other.body.id).not.toBe(first.body.id);
});

test('twenty at the same time make one key; those that come too early are asked to come back', async () => {
  const { post, keys } = await setUp();
  const answers = await Promise.all(Array.from({ length: 20 }, () => post('/keys', { channel: 'a' }, 'one')));
  const [made] = answers.filter(({ status }) => status === 201);
  for (const { status, headers, body } of answers) {
    expect([201, 409]).toContain(status);
    if (status === 201) expect(body).toEqual(made?.body);
    else expect([headers.get('retry-after'), body.code]).toEqual(['1', 'API_IDEMPOTENCY_BUSY']);
  }
  expect(await keys.list()).toHaveLength(1);
});

test('a request cut off by a crash is taken over after a minute, and finds what it had done', async () => {
  const { post, clock, store, keys } = await setUp();
  const { finish } = store.idempotency;
  store.idempotency.finish = () => Promise.reject(new Error('power failure'));
  expect((await post('/keys', { channel: 'a' }, 'one')).status).toBe(500);
  const [made] = await keys.list();
  store.idempotency.finish = finish.bind(store.idempotency);
  expect(await post('/keys', { channel: 'a' }, 'one')).toMatchObject({ status: 409 });
  clock.advance(minuteMs + 1);
  const again = await post('/keys', { channel: 'a' }, 'one');
  expect(again).toMatchObject({ status: 201, body: { id: made?.id, last4: made?.last4 } });
  expect(await keys.list()).toHaveLength(1);
});

test('a token that is taken over after a crash is the same token', async () => {
  const { post, clock, store } = await setUp();
  const body = { name: 'grafana', scopes: ['metrics:read'] };
  const { finish } = store.idempotency;
  store.idempotency.finish = () => Promise.reject(new Error('power failure'));
  expect((await post('/tokens', body, 'one')).status).toBe(500);
  store.idempotency.finish = finish.bind(store.idempotency);
  clock.advance(minuteMs + 1);
  const [made, ...others] = await store.tokens.list();
  expect(others).toEqual([]);
  expect(await post('/tokens', body, 'one')).toMatchObject({ status: 201, body: { id: made?.id, last4: made?.last4 } });
  expect(await store.tokens.list()).toHaveLength(1);
});

test('a broadcast whose announcement was cut off by a crash is answered, and one that is over by then is followed by another', async () => {
  const { post, clock, store } = await setUp();
  const announce = () => post('/streams', { channel: 'a' }, 'one');
  const { finish } = store.idempotency;
  store.idempotency.finish = () => Promise.reject(new Error('power failure'));
  expect((await announce()).status).toBe(500);
  clock.advance(minuteMs + 1);
  const [made] = await store.streams.active();
  expect((await announce()).status).toBe(500);
  expect(await store.streams.active()).toEqual([made]);
  const end = { state: 'ENDED_GRACEFULLY', reason: 'cancelled', endedAtMs: 9, interruptedSinceMs: null } as const;
  await store.streams.transition(made!.id, end, someEvent({ streamId: made!.id }));
  store.idempotency.finish = finish.bind(store.idempotency);
  const next = await announce();
  expect(next).toMatchObject({ status: 201, body: { channel: 'a', state: 'PENDING_INGEST' } });
  expect(next.body.id).not.toBe(made!.id);
  expect(next.headers.get('location')).toBe(`/streams/${next.body.id}`);
});

test('an announcement that was answered by nobody is answered with its broadcast when it is repeated', async () => {
  const { post, clock, store } = await setUp();
  const { finish } = store.idempotency;
  store.idempotency.finish = () => Promise.reject(new Error('power failure'));
  await post('/streams', { channel: 'a' }, 'one');
  store.idempotency.finish = finish.bind(store.idempotency);
  clock.advance(minuteMs + 1);
  const [made] = await store.streams.active();
  const again = await post('/streams', { channel: 'a' }, 'one');
  expect(again).toMatchObject({ status: 201, body: { id: made!.id } });
  expect(again.headers.get('location')).toBe(`/streams/${made!.id}`);
});

test('a rotation that is taken over after a crash rotates once, to the same secret', async () => {
  const { post, clock, store, keys, ring } = await setUp();
  const { body: key } = await post('/keys', { channel: 'a' });
  const { finish } = store.idempotency;
  store.idempotency.finish = () => Promise.reject(new Error('power failure'));
  await post(`/keys/${key.id}/rotate`, {}, 'one');
  const rotated = await keys.find(key.id);
  store.idempotency.finish = finish.bind(store.idempotency);
  clock.advance(minuteMs + 1);
  const again = await post(`/keys/${key.id}/rotate`, {}, 'one');
  expect(again.status).toBe(200);
  expect(await keys.find(key.id)).toEqual(rotated);
  expect(ring.check(again.body.key, clock.wallMs())).toHaveProperty('key');
  expect(ring.check(key.key, clock.wallMs())).toHaveProperty('key');
});

test('what failed inside may be repeated at once', async () => {
  const { post, store, keys } = await setUp();
  const { create } = store.keys;
  store.keys.create = () => Promise.reject(new Error('disk on fire'));
  expect((await post('/keys', { channel: 'a' }, 'one')).status).toBe(500);
  store.keys.create = create.bind(store.keys);
  expect((await post('/keys', { channel: 'a' }, 'one')).status).toBe(201);
  expect(await keys.list()).toHaveLength(1);
});

test('a day later the key is free again', async () => {
  const { post, clock, keys } = await setUp();
  const first = await post('/keys', { channel: 'a' }, 'one');
  clock.advance(24 * 60 * minuteMs + 11 * minuteMs);
  const later = await post('/keys', { channel: 'a' }, 'one');
  expect(later.status).toBe(201);
  expect(later.body.id).not.toBe(first.body.id);
  expect(await keys.list()).toHaveLength(2);
});

test('the database alone reveals neither the answer nor who asked with which key', async () => {
  const { post, dataDir } = await setUp();
  const { body } = await post('/keys', { channel: 'a-channel' }, 'a-guessable-key');
  const db = new Database(join(dataDir, 'streamctl.db'), { readonly: true });
  const row = JSON.stringify(db.prepare('select * from idempotent_requests').get());
  db.close();
  const bytes = row + Buffer.from((JSON.parse(row) as { answer: string }).answer, 'base64url').toString('latin1');
  for (const secret of [body.key.slice(14), body.id, 'a-guessable-key', 'a-channel', 'local']) {
    expect(bytes).not.toContain(secret);
  }
});

test.each(['', 'with space', 'ümlaut'.normalize(), 'x'.repeat(256)])('"%s" is no Idempotency-Key', async (key) => {
  const { api } = await setUp();
  const headers = new Headers({ 'content-type': 'application/json' });
  headers.set('idempotency-key', encodeURI(key) === key ? key : key.replace('ü', '\u00fc'));
  const response = await api.request('/keys', { method: 'POST', body: '{"channel":"a"}', headers });
  expect(await response.json()).toMatchObject({ code: 'API_INPUT_INVALID' });
});
