import { expect, test } from 'vitest';
import { signingKey, webhookHeaders } from '../../../src/events/webhook/signature.ts';

const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timeMs: 1_614_265_330_999, body: '{"test": 2432232314}' };

test('a message is signed as the example of Standard Webhooks is', () => {
  const key = signingKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  expect(webhookHeaders(message, key)).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('a secret without the prefix signs with its own bytes', () => {
  expect(signingKey('hunter2').toString()).toBe('hunter2');
});

test('without a secret there is no signature', () => {
  expect(webhookHeaders(message, undefined)).not.toHaveProperty('webhook-signature');
});

test.each(['id', 'timeMs', 'body'] as const)('another %s has another signature', (member) => {
  const key = signingKey('hunter2');
  const other = { ...message, [member]: member === 'timeMs' ? 0 : 'other' };
  expect(webhookHeaders(other, key)['webhook-signature']).not.toBe(webhookHeaders(message, key)['webhook-signature']);
});
