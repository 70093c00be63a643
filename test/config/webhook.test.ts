import { expect, test } from 'vitest';
import { webhooks } from '../../src/config/webhook.ts';

const allowsPrivate = (url: string, allow_private = false) =>
  webhooks.parse([{ url, allow_private }])[0]!.allowsPrivate;

test.each(['http://127.0.0.1:9000/hook', 'http://localhost/hook', 'https://[::1]:9000', 'http://localhost?a=b'])(
  '%s means this machine, and may be called',
  (url) => expect(allowsPrivate(url)).toBe(true),
);

test.each([
  'http://127.1/',
  'http://2130706433/',
  'http://localhost.example.org/',
  'http://127.0.0.1.example.org/',
  'http://user@127.0.0.1/',
  'http://10.0.0.1/',
  'http://169.254.169.254/',
])('%s is called only where private addresses are allowed', (url) => {
  expect(allowsPrivate(url)).toBe(false);
  expect(allowsPrivate(url, true)).toBe(true);
});
