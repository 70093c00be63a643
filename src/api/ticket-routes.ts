import { createRoute } from '@hono/zod-openapi';
import type { Identity } from '../access/identity.ts';
import { ticketSeconds, ticketView } from '../contract/stream-analytics.ts';
import type { Api } from './api-env.ts';
import { answer, needs } from './operation.ts';

/** Makes a ticket that stands once for who asks, and for what the Authorization header said. */
export type IssueTicket = (identity: Identity, authorization: string | undefined) => string;

const createTicket = createRoute({
  method: 'post',
  path: '/ws/tickets',
  operationId: 'createTicket',
  tags: ['Streams'],
  summary: 'Make a ticket for a WebSocket',
  description:
    'For pages: a browser opens a WebSocket without headers of ours, and a token must not stand in an address. The ticket goes into ' +
    "`new WebSocket('wss://HOST/ws/metrics', ['streamctl', 'ticket.TICKET'])`, is good once and for as long as `expires_in`, and entitles to what " +
    'the token does. Programs send the token itself in Authorization.',
  ...needs('streams:read'),
  responses: { 201: answer('The ticket.', ticketView) },
});

export function addTicketRoutes(api: Api, issue: IssueTicket): void {
  api.openapi(createTicket, (c) => {
    const ticket = issue(c.var.identity, c.req.header('authorization'));
    return c.json({ ticket, expires_in: ticketSeconds }, 201);
  });
}
