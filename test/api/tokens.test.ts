import { expect, test } from 'vitest';
import type { Identity } from '../../src/access/identity.ts';
import { issuedTokenView, tokenPage, tokenView } from '../../src/contract/tokens.ts';
import { apiUnderTest } from '../support/api.ts';

const someone: Identity = { kind: 'token', tokenId: 'aaaaaaaaaa', name: 'on call', scopes: ['admin'] };
const asSomeone = () => apiUnderTest(async () => someone);

test('a new token is answered once with its text; later answers have neither text nor hash', async () => {
  const { call } = await asSomeone();
  const request = { name: 'stage app', scopes: ['streams:read', 'streams:write'], expires_at: '2031-01-01T00:00:00Z' };
  const { status, body } = await call('POST', '/tokens', request);
  expect(status).toBe(201);
  const issued = issuedTokenView.parse(body);
  expect(issued.token).toMatch(/^pat_[a-z2-7]{10}_[a-z2-7]{32}$/);
  expect(issued).toMatchObject({
    name: 'stage app',
    scopes: request.scopes,
    expires_at: '2031-01-01T00:00:00.000Z',
    revoked_at: null,
    last_used_at: null,
  });
  const later = [
    await call('GET', '/tokens'),
    await call('GET', `/tokens/${issued.id}`),
    await call('DELETE', `/tokens/${issued.id}`),
    await call('DELETE', '/tokens/stage%20app'),
    await call('GET', '/events'),
  ];
  expect(tokenPage.parse(later[0]!.body).items).toHaveLength(1);
  expect(tokenView.parse(later[3]!.body).revoked_at).toBe(later[2]!.body.revoked_at);
  for (const { status: code, body: answer } of later) {
    expect(code).toBe(200);
    expect(JSON.stringify(answer)).not.toContain(issued.token.slice(15));
    expect(JSON.stringify(answer)).not.toMatch(/hash/i);
  }
});

test('tokens are listed in pages, oldest first', async () => {
  const { call } = await asSomeone();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push((await call('POST', '/tokens', { name: `t${i}`, scopes: ['admin'] })).body.id);
  const first = tokenPage.parse((await call('GET', '/tokens?limit=3')).body);
  const rest = tokenPage.parse((await call('GET', `/tokens?limit=3&cursor=${first.next_cursor}`)).body);
  expect([...first.items, ...rest.items].map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  expect([first.items.length, rest.items.length, rest.next_cursor]).toEqual([3, 2, null]);
});

test.each([
  [{ name: '', scopes: ['admin'] }, 'API_INPUT_INVALID'],
  [{ name: 'x'.repeat(65), scopes: ['admin'] }, 'API_INPUT_INVALID'],
  [{ name: 'a\u001bb', scopes: ['admin'] }, 'API_INPUT_INVALID'],
  [{ name: 'a', scopes: [] }, 'API_INPUT_INVALID'],
  [{ name: 'a', scopes: ['everything'] }, 'API_INPUT_INVALID'],
  [{ name: 'a', scopes: ['admin'], last_used_at: null }, 'API_INPUT_INVALID'],
])('%j is no token', async (body, code) => {
  const { call } = await asSomeone();
  expect(await call('POST', '/tokens', body)).toMatchObject({ status: 400, body: { code } });
});

test('what is not there is said so', async () => {
  const { call } = await asSomeone();
  for (const [method, path] of [
    ['GET', '/tokens/none'],
    ['DELETE', '/tokens/none'],
  ] as const) {
    expect(await call(method, path)).toMatchObject({ status: 404, body: { code: 'TOKEN_NOT_FOUND' } });
  }
  expect(await call('GET', '/tokens?cursor=x')).toMatchObject({ status: 400, body: { code: 'STORE_CURSOR_INVALID' } });
});

test('every change over the API is an event that names the token', async () => {
  const { call, store } = await asSomeone();
  const { body: key } = await call('POST', '/keys', { channel: 'a' });
  await call('PATCH', `/keys/${key.id}`, { policy: { max_height: 720 } });
  await call('POST', `/keys/${key.id}/rotate`, {});
  await call('DELETE', `/keys/${key.id}`);
  const { body: token } = await call('POST', '/tokens', { name: 'b', scopes: ['admin'] });
  await call('DELETE', `/tokens/${token.id}`);
  const { body: stream } = await call('POST', '/streams', { channel: 'a' });
  await call('DELETE', `/streams/${stream.id}`);
  const events = await store.events.list({ limit: 100 });
  const actor = { kind: 'token', id: 'aaaaaaaaaa', name: 'on call' };
  const done = events.filter(({ payload }) => JSON.stringify(payload.actor) === JSON.stringify(actor));
  expect(done.map(({ type }) => type)).toEqual([
    ...['key.created', 'key.updated', 'key.rotated', 'key.revoked'],
    ...['token.created', 'token.revoked', 'stream.ended'],
  ]);
});
