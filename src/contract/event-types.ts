import * as z from 'zod';
import { streamStates } from './stream-state.ts';

/*
 * Everything that is told of what happens: each type with what it carries and one sentence. docs/events.md and
 * config/events.schema.json are made from here. Members are snake_case; receivers must pass over members they do not know.
 */

const text = z.string();
const durationMs = z.number();

const publisher = {
  remote_address: text.describe('Address of the publisher.'),
  encoder: text.describe('What the publisher calls itself; may be empty.'),
};

/** What a publisher did wrong. */
const fault = {
  code: text.describe('Code of the error, such as ACCESS_POLICY_HEIGHT.'),
  text: text.describe('What was found, what is allowed, what to do: as the publisher was told.'),
};

const key = { key_id: text.describe('Id of the stream key, never the key itself.') };
const token = { token_id: text.describe('Id of the API token, never the token itself.') };
const actor = {
  actor: z
    .object({
      kind: z.enum(['local', 'token', 'stream-key']).describe('local: over the control socket, or a command.'),
      id: text.optional().describe('Of the token or key.'),
      name: text.optional().describe('Of the token.'),
    })
    .describe('Who did it.'),
};
/** What may happen by itself as well. */
const orderedBy = { actor: actor.actor.optional() };
const rung = { rung: text.describe('Name of the rung, such as 720p.') };

/** Where a broadcast had more to tell of its ladder than is written down. */
const leftOut = { events_left_out: z.int().optional().describe('Events of this ladder left out before this one.') };

function type<Shape extends z.ZodRawShape>(meaning: string, shape: Shape) {
  return { meaning, payload: z.object(shape) };
}

export const eventTypes = {
  'stream.created': type('A broadcast was announced, or its publisher has connected; nothing can be watched yet.', {
    channel: text,
    key_id: text.nullable().describe('Null where anybody may publish.'),
    parent_span_id: text.optional().describe('Of the trace: what announced it.'),
    ...orderedBy,
  }),
  'stream.started': type('The first keyframe has come: the broadcast is live.', publisher),
  'stream.interrupted': type('The publisher is gone; the broadcast waits for its return.', { why: text }),
  'stream.resumed': type('The publisher is back, and the same playlists go on.', publisher),
  'stream.publisher_replaced': type(
    'Somebody else published with the same key, and took the broadcast over.',
    publisher,
  ),
  'stream.publisher_refused': type(
    'A publisher was sent away before its broadcast began, which goes on waiting for one that does better.',
    fault,
  ),
  'stream.warning': type('Viewers suffer from what the publisher sends.', {
    type: text.describe('Which finding, such as long-gop.'),
    text: text.describe('What was found, what it means and what to do.'),
  }),
  'stream.ended': type('The broadcast is over.', {
    state: z.enum(streamStates as [string, ...string[]]).describe('ENDED_GRACEFULLY or ERROR.'),
    reason: text.describe('Such as publisher, operator, publisher_lost, key_revoked, policy, input.'),
    code: fault.code.optional().describe('What the publisher did wrong, where that is the reason.'),
    text: fault.text.optional(),
    ...orderedBy,
  }),
  'ladder.planned': type('It was decided which qualities are made.', {
    rungs: z.array(text),
    withheld: z.array(z.object({ ...rung, why: text })).describe('Wanted, and not made.'),
    ...leftOut,
  }),
  'ladder.failed': type('Transcoding failed, and is started again.', { reason: text, why: text, ...leftOut }),
  'ladder.degraded': type('Transcoding failed too often: viewers have the source alone for now.', {
    reason: text,
    why: text,
    ...leftOut,
  }),
  'ladder.recovered': type('Transcoded pictures come out again.', {
    after_ms: durationMs.describe('Since the failure.'),
    skipped_ms: durationMs.describe('Media behind the last frame before it.'),
    ...leftOut,
  }),
  'ladder.encoder_replaced': type('A device did not begin to encode; another encoder goes on in its place.', {
    from: text,
    to: text,
    why: text,
    ...leftOut,
  }),
  'ladder.overloaded': type('Transcoding falls behind the source.', {
    reaction: text.describe('What was done about it.'),
    lag_ms: durationMs,
    ...leftOut,
  }),
  'ladder.relieved': type('Transcoding keeps up again.', { reaction: text, ...leftOut }),
  'ladder.unexpected_codec': type('An encoder made something else than players were promised.', {
    ...rung,
    promised: text,
    found: text,
    ...leftOut,
  }),
  'rung.withdrawn': type('A quality is not made any more.', { ...rung, why: text, ...leftOut }),
  'rung.restored': type('A quality that was withdrawn is made again.', { ...rung, ...leftOut }),
  'rung.wanted': type('Somebody asks for a quality that is made on demand.', { ...rung, ...leftOut }),
  'rung.rested': type('Nobody asks for a quality any more that is made on demand.', { ...rung, ...leftOut }),
  'playback.link_created': type('A signed link was made.', {
    subject: text.describe('The channel, or the stream, that it is good for.'),
    expires_at: text.describe('When it expires, UTC.'),
  }),
  'key.created': type('A stream key was made.', { ...key, channel: text, ...actor }),
  'key.updated': type('Expiry or policy of a stream key was changed.', { ...key, ...actor }),
  'key.rotated': type('A stream key got a new secret.', {
    ...key,
    overlap_ms: durationMs.describe('How long the old secret stays good.'),
    ...actor,
  }),
  'key.revoked': type('A stream key was revoked; its broadcast ends.', { ...key, ...actor }),
  'token.created': type('An API token was made.', { ...token, name: text, scopes: z.array(text), ...actor }),
  'token.revoked': type('An API token was revoked.', { ...token, name: text, ...actor }),
} as const;

export type EventType = keyof typeof eventTypes;
export const eventTypeNames = Object.keys(eventTypes) as readonly EventType[];

export function isEventType(name: string): name is EventType {
  return Object.hasOwn(eventTypes, name);
}

/** An event as receivers get it: the body of a webhook, the value of a Kafka record, the member `event` of a Redis stream's entry. */
export const eventEnvelope = z.object({
  id: z.int().describe('Grows with every event of the store; the same again when an event is delivered twice.'),
  time: z.iso.datetime().describe('When it happened, UTC.'),
  type: z.string(),
  stream_id: z.string().nullable().describe('Null for what is not about a broadcast.'),
  channel: z.string().nullable(),
  trace_id: z.string().nullable().describe("Of the broadcast's trace (W3C Trace Context)."),
  traceparent: z.string().optional().describe('To continue the trace with; absent where there is none.'),
  node: z.string().nullable().describe('Which node runs the broadcast.'),
  data: z.record(z.string(), z.json()).describe('What the type says.'),
});
export type EventEnvelope = z.output<typeof eventEnvelope>;

/** Whether a pattern of the configuration means the type: `stream.started`, `stream.*`, `*`. */
export function matchesEventPattern(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true;
  return pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1));
}
