import { createRoute } from '@hono/zod-openapi';
import { StreamctlError } from '../base/errors.ts';
import {
  type DeadLetterView,
  deadLetterPage,
  type EventReceiverView,
  eventReceiverList,
  listDeadLettersQuery,
  replayEventsRequest,
  replayedEvents,
} from '../contract/event-receivers.ts';
import type { OutgoingEvents, ReceiverStatus } from '../events/outgoing-events.ts';
import type { DeadLetter } from '../store/ports/outbox-store.ts';
import type { Store } from '../store/ports/store.ts';
import type { Api } from './api-env.ts';
import { answer, jsonBody, needs, refuses } from './operation.ts';
import { isoTime } from './views.ts';

export interface ReceiverRoutesOptions {
  readonly store: Pick<Store, 'outbox'>;
  /** Absent where no server runs, and nothing is delivered. */
  readonly outgoing?: Pick<OutgoingEvents, 'status' | 'replay'> | undefined;
}

const tags = ['Events'];

const listReceivers = createRoute({
  method: 'get',
  path: '/events/receivers',
  operationId: 'listEventReceivers',
  tags,
  summary: 'List receivers of events',
  description: 'Webhooks, Kafka and Redis, with what waits for each and what it would not take.',
  ...needs('events:read'),
  responses: { 200: answer('All there are, and were.', eventReceiverList) },
  ...refuses('EVENTS_NOT_DELIVERED_HERE'),
});

const listDeadLetters = createRoute({
  method: 'get',
  path: '/events/dead-letters',
  operationId: 'listDeadLetters',
  tags,
  summary: 'List events that receivers would not take',
  description:
    'Oldest events first. An event is given up when its receiver refuses it for good, or has failed for a day.',
  ...needs('events:read'),
  request: { query: listDeadLettersQuery },
  responses: { 200: answer('A page of them.', deadLetterPage) },
  ...refuses('STORE_CURSOR_INVALID'),
});

const replayEvents = createRoute({
  method: 'post',
  path: '/events/replay',
  operationId: 'replayEvents',
  tags,
  summary: 'Deliver events again',
  description:
    'From an event on, or those that were given up. It goes on behind the answer; GET /events/receivers tells how far it is. ' +
    'Receivers know an event they have had by its id.',
  ...needs('events:write'),
  request: { body: jsonBody(replayEventsRequest) },
  responses: { 202: answer('What is being delivered again, by receiver.', replayedEvents) },
  ...refuses('EVENTS_RECEIVER_UNKNOWN', 'EVENTS_REPLAY_NOTHING', 'EVENTS_NOT_DELIVERED_HERE'),
});

export function addReceiverRoutes(api: Api, { store, outgoing }: ReceiverRoutesOptions): void {
  function delivering() {
    if (outgoing === undefined) throw new StreamctlError('EVENTS_NOT_DELIVERED_HERE', {});
    return outgoing;
  }

  api.openapi(listReceivers, async (c) => c.json({ items: (await delivering().status()).map(receiverViewOf) }, 200));

  api.openapi(listDeadLetters, async (c) => {
    const { receiver: sinkId, limit, cursor } = c.req.valid('query');
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const letters = await store.outbox.deadLetters({ sinkId, after, limit });
    const last = letters.length === limit ? letters.at(-1) : undefined;
    const nextCursor = last === undefined ? null : `${last.eventId}.${last.sinkId}`;
    return c.json({ items: letters.map(deadLetterViewOf), next_cursor: nextCursor }, 200);
  });

  api.openapi(replayEvents, async (c) => {
    const { receiver: receiverId, from: fromEventId, dead_letters: deadLetters } = c.req.valid('json');
    const answers = await delivering().replay({ receiverId, fromEventId, deadLetters });
    const items = answers.map(({ receiverId: receiver, events, deadLetters: dead_letters }) => ({
      receiver,
      events,
      dead_letters,
    }));
    return c.json({ items }, 202);
  });
}

function receiverViewOf({ error, lastEventId, ...status }: ReceiverStatus): EventReceiverView {
  const { id, kind, place, state, waiting, dead, delivered, failed } = status;
  return { id, kind, place, state, error: error ?? null, last_event_id: lastEventId, waiting, dead, delivered, failed };
}

function deadLetterViewOf({ sinkId, eventId, attempts, error, buriedAtMs }: DeadLetter): DeadLetterView {
  return { receiver: sinkId, event_id: eventId, attempts, error, given_up_at: isoTime(buriedAtMs) };
}

function readCursor(cursor: string): Pick<DeadLetter, 'eventId' | 'sinkId'> {
  const [, eventId, sinkId] = /^(\d{1,15})\.([a-z0-9-]{1,64})$/.exec(cursor) ?? [];
  if (sinkId === undefined) throw new StreamctlError('STORE_CURSOR_INVALID', {});
  return { eventId: Number(eventId), sinkId };
}
