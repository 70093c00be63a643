import { expect, test } from 'vitest';
import { RateLimit } from '../../src/api/rate-limit.ts';
import { TokenBuckets } from '../../src/api/token-buckets.ts';
import { apiUnderTest } from '../support/api.ts';
import { ManualClock } from '../support/manual-clock.ts';

const token = { kind: 'token', tokenId: 'a', name: 'a', scopes: ['keys:read'] } as const;

test('a caller may make a burst, then as many as come back with time', () => {
  const clock = new ManualClock();
  const buckets = new TokenBuckets({ burst: 3, perSecond: 2, maxCallers: 10, clock });
  const take = () => buckets.take('a').isAllowed;
  expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
  expect(buckets.take('a')).toEqual({ isAllowed: false, remaining: 0, resetSeconds: 1 });
  expect(buckets.take('b')).toEqual({ isAllowed: true, remaining: 2, resetSeconds: 1 });
  clock.advance(1000);
  expect([take(), take(), take()]).toEqual([true, true, false]);
  clock.advance(60_000);
  expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
});

test('no more callers are remembered than are allowed for; the quietest is forgotten first', () => {
  const buckets = new TokenBuckets({ burst: 1, perSecond: 0.001, maxCallers: 100, clock: new ManualClock() });
  buckets.take('busy');
  for (let i = 0; i < 1000; i++) {
    buckets.take(`caller ${i}`);
    expect(buckets.take('busy').isAllowed).toBe(false);
  }
  expect(buckets.size).toBe(100);
});

test('who asks too often is told when to come back, and the others are not bothered', async () => {
  const clock = new ManualClock();
  let tokenId = 'a';
  const { api } = await apiUnderTest(async () => ({ ...token, tokenId }), clock);
  const ask = async () => await api.request('/keys/none');
  const first = await ask();
  expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=500;w=5');
  expect(first.headers.get('ratelimit')).toBe('"requests";r=499;t=1');
  for (let i = 1; i < 500; i++) expect((await ask()).status).toBe(404);
  const refused = await ask();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  expect(await refused.json()).toMatchObject({ code: 'API_RATE_LIMITED' });
  tokenId = 'b';
  expect((await ask()).status).toBe(404);
  tokenId = 'a';
  clock.advance(1000);
  expect((await ask()).headers.get('ratelimit')).toBe('"requests";r=99;t=5');
});

test('a flood without a token is limited for each address, and for a whole IPv6 subscriber', async () => {
  const { api } = await apiUnderTest(async () => undefined, new ManualClock());
  const ask = async (remoteAddress: string) =>
    (await api.fetch(new Request('http://localhost/keys'), { remoteAddress })).status;
  const flood = [];
  for (let i = 0; i < 100; i++) flood.push(await ask(`2001:db8::${i.toString(16)}`));
  expect(flood.slice(0, 60)).toEqual(Array(60).fill(401));
  expect(flood.slice(60)).toEqual(Array(40).fill(429));
  expect(await ask('2001:db8:0:1::1')).toBe(401);
  expect(await ask('192.0.2.1')).toBe(401);
});

test('nobody is limited over the local socket', () => {
  const limit = new RateLimit(new ManualClock());
  for (let i = 0; i < 2000; i++) expect(limit.admit({ kind: 'local' }, undefined)).toEqual({});
});
