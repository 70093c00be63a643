import { expect, test } from 'vitest';
import { StreamctlError } from '../../src/base/errors.ts';
import { ApiClient } from '../../src/client/api-client.ts';
import { retryingFetch } from '../../src/client/retrying-fetch.ts';
import { apiUnderTest } from '../support/api.ts';

const terms = { retries: 3, firstDelayMs: 1, maxRetryAfterMs: 1000 };
const unreachable = () => new StreamctlError('CONTROL_SERVER_UNREACHABLE', { url: 'https://a', reason: 'reset' });

/** Answers, or fails, in this order, and keeps what was asked. */
function server(...script: (Response | Error)[]) {
  const asked: Request[] = [];
  const fetch = retryingFetch(async (request) => {
    asked.push(request);
    const next = script.shift();
    if (next === undefined) throw new Error('nobody expected another request');
    if (next instanceof Error) throw next;
    return next;
  }, terms);
  return { asked, fetch };
}
const answer = (status: number, headers: Record<string, string> = {}) => new Response('{}', { status, headers });

test('what was away for a moment is asked again', async () => {
  const { asked, fetch } = server(unreachable(), answer(503, { 'retry-after': '0' }), answer(429), answer(200));
  expect((await fetch(new Request('http://localhost/keys'))).status).toBe(200);
  expect(asked).toHaveLength(4);
});

test('what lasts is answered as it came last, and a failure stays a failure', async () => {
  const answering = server(answer(502), answer(503), answer(503), answer(504));
  expect((await answering.fetch(new Request('http://localhost/keys'))).status).toBe(504);
  const failing = server(unreachable(), unreachable(), unreachable(), unreachable());
  await expect(failing.fetch(new Request('http://localhost/keys'))).rejects.toMatchObject({
    code: 'CONTROL_SERVER_UNREACHABLE',
  });
});

test.each([
  ['a refusal', answer(404)],
  ['a failure inside', answer(500)],
  ['a conflict', answer(409)],
  ['a wait of a minute', answer(429, { 'retry-after': '60' })],
])('%s is not asked about again', async (_what, response) => {
  const { asked, fetch } = server(response);
  expect((await fetch(new Request('http://localhost/keys'))).status).toBe(response.status);
  expect(asked).toHaveLength(1);
});

test('a certificate that is not trusted is not tried again', async () => {
  const { asked, fetch } = server(new StreamctlError('CONTROL_CERTIFICATE_REFUSED', { url: 'https://a', reason: 'x' }));
  await expect(fetch(new Request('http://localhost/keys'))).rejects.toMatchObject({
    code: 'CONTROL_CERTIFICATE_REFUSED',
  });
  expect(asked).toHaveLength(1);
});

test('a POST carries the same Idempotency-Key and body each time, another POST another key', async () => {
  const { asked, fetch } = server(answer(503), answer(201), answer(201));
  const post = () => fetch(new Request('http://localhost/keys', { method: 'POST', body: '{"channel":"a"}' }));
  await post();
  await post();
  const keys = asked.map(({ headers }) => headers.get('idempotency-key'));
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
  expect(await asked[1]?.text()).toBe('{"channel":"a"}');
});

test('a key is created once, though its answer is lost twice on the way', async () => {
  const { api, keys } = await apiUnderTest();
  let losses = 2;
  const client = new ApiClient(
    retryingFetch(async (request) => {
      const response = await api.fetch(request);
      if (losses-- > 0) throw unreachable();
      return response;
    }, terms),
  );
  const issued = await client.createKey({ channel: 'morning-show' });
  expect(await keys.list()).toMatchObject([{ id: issued.id }]);
  expect(issued.key).toContain(issued.id);
});
