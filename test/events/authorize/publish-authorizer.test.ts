import { expect, onTestFinished, test } from 'vitest';
import { CircuitBreaker } from '../../../src/base/circuit-breaker.ts';
import { PublishAuthorizer } from '../../../src/events/authorize/publish-authorizer.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { type AnswerCall, WebhookListener } from '../../support/webhook-listener.ts';

const question = {
  channel: 'morning-show',
  keyId: 'abcdefghij',
  app: 'live',
  remoteAddress: '192.0.2.7',
  encoder: 'OBS 30',
};

async function authorizerOf(answer?: AnswerCall) {
  const listener = await WebhookListener.start();
  if (answer !== undefined) listener.answer = answer;
  const clock = new ManualClock();
  const warnings: unknown[] = [];
  const log = { warn: (fields: unknown) => void warnings.push(fields) };
  const webhook = { url: listener.url, events: ['authorize'], secret: 'hunter2', allowsPrivate: true };
  const authorizer = new PublishAuthorizer(webhook, clock, log);
  onTestFinished(() => authorizer.close());
  return { listener, clock, authorizer, warnings };
}

const answering =
  (status: number, text = ''): AnswerCall =>
  (response) =>
    void response.writeHead(status).end(text);

test('a publisher is asked about with all that is known of it, signed, and let in by an answer 2xx', async () => {
  const { listener, authorizer } = await authorizerOf();
  expect(await authorizer.ask(question)).toBeUndefined();
  const [{ body, headers }] = listener.calls as [(typeof listener.calls)[0]];
  expect(JSON.parse(body)).toEqual({
    type: 'authorize',
    time: '2026-01-01T00:00:00.000Z',
    data: {
      channel: 'morning-show',
      key_id: 'abcdefghij',
      app: 'live',
      remote_address: '192.0.2.7',
      encoder: 'OBS 30',
    },
  });
  expect(headers['webhook-signature']).toMatch(/^v1,/);
});

test.each([
  ['403 with a reason as JSON', 403, '{"reason": "the stage is closed"}', ': the stage is closed'],
  ['403 with a reason as text', 403, 'the stage is closed', ': the stage is closed'],
  ['a page', 404, '<html>Not Found</html>', ''],
  ['an empty 401', 401, '', ''],
  ['200 that says no', 200, '{"allowed": false, "reason": "not today"}', ': not today'],
  ['a reason without end', 403, 'x'.repeat(5000), `: ${'x'.repeat(119)}…`],
  ['a reason with control characters', 403, '{"reason": "no\\u0000\\r\\nway"}', ': no way'],
])('%s keeps it out', async (_name, status, text, reason) => {
  const { authorizer } = await authorizerOf(answering(status, text));
  const refusal = await authorizer.ask(question);
  expect(refusal).toMatchObject({ code: 'ACCESS_AUTHORIZER_REFUSED', message: `Publishing was not allowed${reason}.` });
});

test.each([
  ['500', answering(500)],
  ['429', answering(429)],
  ['a redirect', answering(302)],
  ['a connection that breaks', ((response) => void response.destroy()) as AnswerCall],
])('%s is no answer: it is kept out, without what is wrong over there', async (_name, answer) => {
  const { authorizer, warnings } = await authorizerOf(answer);
  const refusal = await authorizer.ask(question);
  expect(refusal).toMatchObject({ code: 'ACCESS_AUTHORIZER_UNAVAILABLE', details: { reason: 'it does not answer' } });
  expect(warnings).toHaveLength(1);
});

test('who is silent is given two seconds', async () => {
  const { authorizer } = await authorizerOf(() => {});
  const sinceMs = performance.now();
  expect(await authorizer.ask(question)).toMatchObject({ code: 'ACCESS_AUTHORIZER_UNAVAILABLE' });
  expect(performance.now() - sinceMs).toBeGreaterThan(1900);
  expect(performance.now() - sinceMs).toBeLessThan(4000);
});

test('who was let in may come back for half a minute without a question; from elsewhere it is asked about', async () => {
  const { listener, clock, authorizer } = await authorizerOf();
  await authorizer.ask(question);
  listener.answer = answering(403);
  clock.advance(29_000);
  expect(await authorizer.ask(question)).toBeUndefined();
  expect(await authorizer.ask({ ...question, remoteAddress: '192.0.2.8' })).toBeDefined();
  expect(await authorizer.ask({ ...question, channel: 'evening-show' })).toBeDefined();
  clock.advance(2000);
  expect(await authorizer.ask(question)).toBeDefined();
});

test('a no is asked for again each time', async () => {
  const { listener, authorizer } = await authorizerOf(answering(403));
  await authorizer.ask(question);
  listener.answer = answering(204);
  expect(await authorizer.ask(question)).toBeUndefined();
});

test('a crowd is not piled up on one who is silent', async () => {
  const { listener, authorizer } = await authorizerOf(() => {});
  const asked = Array.from({ length: 200 }, (_, i) => authorizer.ask({ ...question, channel: `c${i}` }));
  const refusals = await Promise.all(asked);
  expect(refusals.every((refusal) => refusal?.code === 'ACCESS_AUTHORIZER_UNAVAILABLE')).toBe(true);
  expect(listener.calls.length).toBeLessThanOrEqual(32);
  const calls = listener.calls.length;
  const sinceMs = performance.now();
  expect(await authorizer.ask(question)).toMatchObject({ details: { reason: 'it did not answer before' } });
  expect(performance.now() - sinceMs).toBeLessThan(1000); // not the two seconds that who is silent is given
  expect(listener.calls).toHaveLength(calls);
});

test('five failures in a row keep it from being called for five seconds; then one call tries', () => {
  const breaker = new CircuitBreaker();
  for (let i = 0; i < 5; i++) {
    expect(breaker.mayTry(1000)).toBe(true);
    breaker.failed(1000);
  }
  expect(breaker.mayTry(1000)).toBe(false);
  expect(breaker.mayTry(5999)).toBe(false);
  expect(breaker.mayTry(6000)).toBe(true);
  expect(breaker.mayTry(6000)).toBe(false);
  breaker.failed(6100);
  expect(breaker.mayTry(11_000)).toBe(false);
  expect(breaker.mayTry(11_100)).toBe(true);
  breaker.succeeded();
  expect(breaker.mayTry(11_100)).toBe(true);
  expect(breaker.mayTry(11_100)).toBe(true);
});
