import * as z from 'zod';
import { eventEnvelope, eventTypes } from '../contract/event-types.ts';

type JsonSchema = { readonly [key: string]: unknown };

/** The JSON Schema of what receivers get: of the envelope, and for each type of what it carries. */
export function eventJsonSchema(): JsonSchema {
  const envelope = z.toJSONSchema(eventEnvelope, { io: 'input' });
  return {
    ...envelope,
    title: 'An event of streamctl',
    allOf: Object.entries(eventTypes).map(([name, { meaning, payload }]) => {
      const { $schema: _, ...data } = z.toJSONSchema(payload, { io: 'input' });
      return {
        if: { properties: { type: { const: name } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { description: meaning, properties: { data } },
      };
    }),
  };
}

/** docs/events.md: what is told, to whom, and how. */
export function eventReference(): string {
  const lines = [
    ...introduction,
    '',
    '## Types',
    '',
    'What `data` holds; a member with `?` may be missing. Pass over members and types that you do not know: there will be more.',
    '',
    '| type | when | `data` |',
    '| --- | --- | --- |',
    ...Object.entries(eventTypes).map(
      ([name, { meaning, payload }]) => `| \`${name}\` | ${meaning} | ${membersOf(payload.shape)} |`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function membersOf(shape: Readonly<Record<string, z.ZodType>>): string {
  const members = Object.entries(shape).map(([name, schema]) => {
    const mark = schema.safeParse(undefined).success ? '?' : '';
    const { description } = schema;
    return description === undefined ? `\`${name}${mark}\`` : `\`${name}${mark}\`: ${description.replace(/\.$/, '')}`;
  });
  return members.join('; ').replaceAll('|', '\\|');
}

const introduction = [
  '# Events',
  '',
  'Generated from the code by `npm run docs`. Everything that happens is written to the list of events in the same transaction as what it',
  'changes: `streamctl events list`, `GET /events`. From there it goes to webhooks (`webhooks`) and to Kafka or Redis (`events.url`).',
  '',
  '- **At least once, in order.** A receiver gets all it wants in the order of the list, from when it was first configured. An event counts as delivered when it is',
  '  acknowledged; who was told and not heard is told again, with the same `id`: remember the ids you have had.',
  '- **Patience.** A receiver that is down is tried again after 1 s, then ever longer, at most every 5 minutes; its events wait in the store, and nobody else does.',
  '  Of several nodes that share a store one serves it; another takes over within half a minute.',
  '- **Dead letters.** An event that is refused for good (a webhook answers 4xx other than 408, 425 and 429; Kafka finds the record too large), or that failed for 24 hours, is put',
  '  away with what was said: `streamctl events dead-letters`, and `streamctl events replay --dead-letters` tries them again. `events replay --from ID` delivers an event and all behind it once more.',
  '- `streamctl events receivers`, `streamctl status` and the metrics `streamctl_events_…` tell how it goes.',
  '',
  '## The envelope',
  '',
  '```json',
  JSON.stringify(
    {
      id: 4711,
      time: '2026-05-01T09:30:00.000Z',
      type: 'stream.started',
      stream_id: 'st_q7w2k5x3abcde',
      channel: 'morning-show',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      node: 'media-1',
      data: { remote_address: '192.0.2.7', encoder: 'obs-output module (libobs version 30.1.2)' },
    },
    null,
    2,
  ),
  '```',
  '',
  '`stream_id`, `channel` and `node` (which runs the broadcast) are null for what is not about a broadcast; `traceparent` is there where there is a trace.',
  'As JSON Schema: [config/events.schema.json](../config/events.schema.json).',
  '',
  '## Webhooks',
  '',
  '```yaml',
  'webhooks:',
  '  - { url: "https://hooks.example.org/streamctl", events: [stream.*, key.revoked], secret: whsec_… }',
  '```',
  '',
  'One POST an event, at most 10 s; any answer 2xx acknowledges it. Redirects are not followed, and of an answer 64 KiB are read. `events`: types, `stream.*`, `*`; none for all.',
  '',
  'Signed as [Standard Webhooks](https://www.standardwebhooks.com) has it: `webhook-signature` is `v1,` and the base64 of the HMAC-SHA-256 of `ID.TIMESTAMP.BODY`, of the headers `webhook-id` (the same for every',
  'attempt) and `webhook-timestamp` (seconds). The key is the text of `secret`, or what follows `whsec_` in base64. Compare in constant time, and refuse old timestamps.',
  '',
  'Addresses of this machine, of private networks and of cloud metadata are refused, by name too, each time a connection is made. Where one is meant: `allow_private: true`; a receiver on the same machine, written as 127.0.0.1, [::1] or localhost, needs no leave. Ports: 80, 443, 1024 and above.',
  '',
  '### Asking before somebody publishes',
  '',
  '```yaml',
  'webhooks:',
  '  - { url: "https://hooks.example.org/may-publish", events: [authorize], secret: whsec_… }',
  '```',
  '',
  'After a key was found to be good, this one webhook is asked: `{"type": "authorize", "time": …, "data": {"channel", "key_id", "app", "remote_address", "encoder"}}`, signed in the same way.',
  '',
  '| answer within 2 s | the publisher |',
  '| --- | --- |',
  '| 2xx | begins, unless the JSON says `{"allowed": false, "reason": "…"}` |',
  '| 4xx | is refused, and reads `reason` of the JSON, or the text (120 characters) |',
  '| anything else, or none | is refused for now: what cannot be asked about does not begin |',
  '',
  'Who was let in may come back within 30 s, from the same address, without being asked about. After five failures in a row nobody is asked for 5 s. A broadcast that runs is never touched.',
  'The name `authorize` is no event: `*` does not mean it, and other names beside it make the same webhook a receiver of those.',
  '',
  '## Kafka',
  '',
  '`events: { url: "kafka://USER:PASSWORD@HOST:9092,HOST:9092/TOPIC?tls=true&mechanism=scram-sha-512" }`. Key of a record: the stream id, else the id of the stream key or token, so what happens to one stays in order; value: the',
  'envelope. `acks=all`; idempotent where the broker allows it. Mechanisms: `plain`, `scram-sha-256`, `scram-sha-512`.',
  '',
  '## Redis',
  '',
  '`events: { url: "redis://USER:PASSWORD@HOST:6379/DB?stream=streamctl:events&maxlen=100000" }`, `rediss://` for TLS. Each event is an entry (`XADD`) with the members `type` and `event` (the envelope); the stream keeps about',
  '`maxlen` of them, 0 keeps all. Certificates of an own authority: `NODE_EXTRA_CA_CERTS`, for webhooks and Kafka too.',
];
