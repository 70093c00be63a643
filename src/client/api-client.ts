import type * as z from 'zod';
import { StreamctlError } from '../base/errors.ts';
import {
  deadLetterPage,
  eventReceiverList,
  type ReplayEventsRequest,
  replayedEvents,
} from '../contract/event-receivers.ts';
import { eventPage } from '../contract/events.ts';
import { type CreateKeyRequest, issuedKeyView, keyPage, keyView, type UpdateKeyRequest } from '../contract/keys.ts';
import { type CreateLinkRequest, linkView } from '../contract/links.ts';
import { type ProblemView, problemView } from '../contract/problem.ts';
import { sessionPage } from '../contract/sessions.ts';
import { statusView } from '../contract/status.ts';
import { streamAnalyticsView, ticketView } from '../contract/stream-analytics.ts';
import { type AnnounceStreamRequest, announcedStreamView, streamPage, streamView } from '../contract/streams.ts';
import { type CreateTokenRequest, issuedTokenView, tokenPage, tokenView } from '../contract/tokens.ts';
import type { PageQuery } from './pages.ts';

/** Takes a request to the API and brings its answer: over a socket, or by calling the handler. */
export type ApiFetch = (request: Request) => Promise<Response>;

/** What the server refused: its own words, with the exit code a command ends with. */
export class ApiProblem extends Error {
  readonly problem: ProblemView;

  constructor(problem: ProblemView) {
    super(problem.detail);
    this.name = 'ApiProblem';
    this.problem = problem;
  }
}

export interface StreamListFilter extends PageQuery {
  readonly state?: string | undefined;
  readonly channel?: string | undefined;
}

export interface StreamMetricsFilter {
  readonly resolution?: '1s' | '1m' | '1h' | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface EventListFilter {
  /** Id or channel. */
  readonly stream?: string | undefined;
  /** With commas between them. */
  readonly types?: string | undefined;
  /** Only events with a higher id. */
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}

export interface DeadLetterListFilter extends PageQuery {
  readonly receiver?: string | undefined;
}

/** The management API as functions. Every one throws ApiProblem for a refusal, and what `fetch` throws. */
export class ApiClient {
  private readonly fetch: ApiFetch;

  constructor(fetch: ApiFetch) {
    this.fetch = fetch;
  }

  createKey(body: CreateKeyRequest) {
    return this.call('POST', '/keys', issuedKeyView, body);
  }

  listKeys(filter: PageQuery & { readonly channel?: string | undefined } = {}) {
    return this.call('GET', `/keys${queryOf(filter)}`, keyPage);
  }

  showKey(id: string) {
    return this.call('GET', `/keys/${encodeURIComponent(id)}`, keyView);
  }

  updateKey(id: string, body: UpdateKeyRequest) {
    return this.call('PATCH', `/keys/${encodeURIComponent(id)}`, keyView, body);
  }

  rotateKey(id: string, overlapMs?: number) {
    return this.call('POST', `/keys/${encodeURIComponent(id)}/rotate`, issuedKeyView, { overlap_ms: overlapMs });
  }

  revokeKey(id: string) {
    return this.call('DELETE', `/keys/${encodeURIComponent(id)}`, keyView);
  }

  announceStream(body: AnnounceStreamRequest) {
    return this.call('POST', '/streams', announcedStreamView, body);
  }

  listStreams(filter: StreamListFilter = {}) {
    return this.call('GET', `/streams${queryOf(filter)}`, streamPage);
  }

  showStream(id: string) {
    return this.call('GET', `/streams/${encodeURIComponent(id)}`, streamView);
  }

  /** Who watches it, and who has. */
  listSessions(streamId: string, filter: PageQuery = {}) {
    return this.call('GET', `/streams/${encodeURIComponent(streamId)}/sessions${queryOf(filter)}`, sessionPage);
  }

  stopStream(id: string) {
    return this.call('DELETE', `/streams/${encodeURIComponent(id)}`, streamView);
  }

  createLink(channelOrId: string, body: CreateLinkRequest) {
    return this.call('POST', `/streams/${encodeURIComponent(channelOrId)}/links`, linkView, body);
  }

  createToken(body: CreateTokenRequest) {
    return this.call('POST', '/tokens', issuedTokenView, body);
  }

  listTokens(filter: PageQuery = {}) {
    return this.call('GET', `/tokens${queryOf(filter)}`, tokenPage);
  }

  showToken(id: string) {
    return this.call('GET', `/tokens/${encodeURIComponent(id)}`, tokenView);
  }

  revokeToken(id: string) {
    return this.call('DELETE', `/tokens/${encodeURIComponent(id)}`, tokenView);
  }

  listEvents(filter: EventListFilter = {}) {
    return this.call('GET', `/events${queryOf(filter)}`, eventPage);
  }

  listEventReceivers() {
    return this.call('GET', '/events/receivers', eventReceiverList);
  }

  listDeadLetters(filter: DeadLetterListFilter = {}) {
    return this.call('GET', `/events/dead-letters${queryOf(filter)}`, deadLetterPage);
  }

  replayEvents(body: ReplayEventsRequest) {
    return this.call('POST', '/events/replay', replayedEvents, body);
  }

  showStreamMetrics(id: string, query: StreamMetricsFilter = {}) {
    return this.call('GET', `/metrics/${encodeURIComponent(id)}${queryOf(query)}`, streamAnalyticsView);
  }

  createTicket() {
    return this.call('POST', '/ws/tickets', ticketView);
  }

  status() {
    return this.call('GET', '/status', statusView);
  }

  private async call<Schema extends z.ZodType>(
    method: string,
    path: string,
    schema: Schema,
    body?: unknown,
  ): Promise<z.output<Schema>> {
    const init =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await this.fetch(new Request(`http://localhost${path}`, { method, ...init }));
    const value: unknown = await response.json().catch(() => undefined);
    if (!response.ok) {
      const problem = problemView.safeParse(value);
      if (problem.success) throw new ApiProblem(problem.data);
    }
    const answer = schema.safeParse(value);
    if (response.ok && answer.success) return answer.data;
    throw new StreamctlError('CONTROL_ANSWER_INVALID', { path }, { cause: answer.error });
  }
}

function queryOf(filter: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}
