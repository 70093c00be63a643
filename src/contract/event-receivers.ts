import * as z from 'zod';
import { pageOf, pageQuery } from './page.ts';
import { utcTime } from './time.ts';

const receiverId = z.string().meta({ description: 'The same after a restart.', example: 'webhook-3f9a1c0b7d52' });
const eventId = z.int().meta({ example: 4711 });

const eventReceiverView = z
  .object({
    id: receiverId,
    kind: z.enum(['webhook', 'kafka', 'redis']).nullable().meta({ description: 'Null: not configured any more.' }),
    place: z.string().nullable().meta({ description: 'Where it is: host and port.', example: 'hooks.example.org' }),
    state: z.enum(['idle', 'delivering', 'retrying', 'elsewhere', 'unconfigured']).meta({
      description: '`retrying`: it takes none, and they wait; `elsewhere`: another node of the store serves it.',
    }),
    error: z.string().nullable().meta({ description: 'What it says while it takes none.' }),
    last_event_id: eventId.meta({ description: 'Up to this event it has had everything.' }),
    waiting: z.int().meta({ description: 'Events behind that one.', example: 0 }),
    dead: z.int().meta({ description: 'Events it would not take.', example: 0 }),
    delivered: z.int().meta({ description: 'Events since this node was started.', example: 120 }),
    failed: z.int().meta({ description: 'Attempts since this node was started.', example: 2 }),
  })
  .meta({ id: 'EventReceiver', description: 'Somebody who gets events, and how that goes.' });
export type EventReceiverView = z.output<typeof eventReceiverView>;

export const eventReceiverList = z.object({ items: z.array(eventReceiverView) }).meta({ id: 'EventReceiverList' });

const deadLetterView = z
  .object({
    receiver: receiverId,
    event_id: eventId,
    attempts: z.int().meta({ example: 1 }),
    error: z.string().meta({ description: 'What the receiver said last.', example: 'it answers 410: gone' }),
    given_up_at: utcTime,
  })
  .meta({ id: 'DeadLetter', description: 'An event that a receiver would not take.' });
export type DeadLetterView = z.output<typeof deadLetterView>;

export const deadLetterPage = pageOf(deadLetterView).meta({ id: 'DeadLetterPage' });

export const listDeadLettersQuery = pageQuery.extend({
  receiver: z.string().max(64).optional().meta({ description: 'Only those of this receiver.' }),
});

export const replayEventsRequest = z
  .strictObject({
    receiver: z
      .string()
      .max(64)
      .optional()
      .meta({ description: 'Only to this one; left out: to all.', example: 'webhook-3f9a1c0b7d52' }),
    from: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Deliver this event again, and all behind it.', example: 4711 }),
    dead_letters: z.boolean().optional().meta({ description: 'Deliver what was given up.' }),
  })
  .meta({ id: 'ReplayEvents', description: '`from`, `dead_letters` or both.' });
export type ReplayEventsRequest = z.input<typeof replayEventsRequest>;

export const replayedEvents = z
  .object({
    items: z.array(
      z.object({
        receiver: receiverId,
        events: z.int().meta({ description: 'How many wait for it now.' }),
        dead_letters: z.int().meta({ description: 'How many of them are tried again.' }),
      }),
    ),
  })
  .meta({ id: 'ReplayedEvents' });
