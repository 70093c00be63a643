import * as z from 'zod';
import { flag, text, urlOf } from './values.ts';

/** In `webhooks[].events`: the address is asked before a publisher begins. No pattern of events means it. */
export const authorizePattern = 'authorize';

const eventPattern = text('an event type, such as stream.started, stream.* or authorize').regex(
  /^(\*|authorize|[a-z_]+\.(\*|[a-z_]+))$/,
  'an event type, such as stream.started, stream.* or authorize',
);

const webhook = z
  .strictObject({
    url: urlOf(['http://', 'https://']).refine(hasAllowedPort, 'a URL whose port is 80, 443 or above 1023'),
    events: z
      .array(eventPattern, { error: 'a list of event types, such as [stream.started, key.*]' })
      .prefault([])
      .describe('Event types, * for any; empty: all. authorize: asked before a publisher begins.'),
    secret: text('a secret').prefault('').describe('Signs every request.'),
    allow_private: flag()
      .prefault(false)
      .describe(
        'Whether the address may lie in a private network. 127.0.0.1, [::1] and localhost, written so, always may.',
      ),
  })
  .transform((v) => ({
    url: v.url,
    events: v.events,
    secret: v.secret,
    allowsPrivate: v.allow_private || namesThisMachine(v.url),
  }));

export type WebhookConfig = z.output<typeof webhook>;

export const webhooks = z
  .array(webhook, { error: 'a list of webhooks, such as [{ url: https://…, secret: … }]' })
  .refine((list) => new Set(list.map(({ url }) => url)).size === list.length, 'each URL once')
  .refine(
    (list) => list.filter(({ events }) => events.includes(authorizePattern)).length <= 1,
    'only one that authorizes',
  );

/** Who writes it like this means it; other spellings of the same address are what tricks are made of. */
function namesThisMachine(url: string): boolean {
  return /^https?:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?(?:[/?#]|$)/.test(url);
}

function hasAllowedPort(url: string): boolean {
  const { port } = URL.canParse(url) ? new URL(url) : { port: '0' };
  return port === '' || port === '80' || port === '443' || Number(port) >= 1024;
}
