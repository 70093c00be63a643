import { createRoute } from '@hono/zod-openapi';
import { eventPage, listEventsQuery } from '../contract/events.ts';
import type { Store } from '../store/ports/store.ts';
import type { Api } from './api-env.ts';
import { findStream } from './find-stream.ts';
import type { LiveControl } from './live-control.ts';
import { answer, needs, refuses } from './operation.ts';
import { eventViewOf } from './views.ts';

export interface EventRoutesOptions {
  readonly store: Store;
  readonly live: LiveControl;
}

const listEvents = createRoute({
  method: 'get',
  path: '/events',
  operationId: 'listEvents',
  tags: ['Events'],
  summary: 'List events',
  description: 'Everything that happened, oldest first.',
  ...needs('events:read'),
  request: { query: listEventsQuery },
  responses: { 200: answer('A page of events.', eventPage) },
  ...refuses('STREAM_UNKNOWN'),
});

export function addEventRoutes(api: Api, options: EventRoutesOptions): void {
  api.openapi(listEvents, async (c) => {
    const { stream, after, cursor, types, limit } = c.req.valid('query');
    const streamId = stream === undefined ? undefined : (await findStream(stream, options)).id;
    const afterId = cursor ?? after;
    const events = await options.store.events.list({
      streamId,
      types,
      limit,
      afterId: afterId === undefined ? undefined : Number(afterId),
    });
    const last = events.length === limit ? events.at(-1) : undefined;
    return c.json({ items: events.map(eventViewOf), next_cursor: last === undefined ? null : String(last.id) }, 200);
  });
}
