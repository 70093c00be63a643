import type * as z from 'zod';
import { StreamctlError } from '../base/errors.ts';
import { eventPage } from '../contract/events.ts';
import { type CreateKeyRequest, issuedKeyView, keyPage, keyView } from '../contract/keys.ts';
import { type CreateLinkRequest, linkView } from '../contract/links.ts';
import { type ProblemView, problemView } from '../contract/problem.ts';
import { statusView } from '../contract/status.ts';
import { streamPage, streamView } from '../contract/streams.ts';

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

export interface StreamListFilter {
  readonly state?: string | undefined;
  readonly channel?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
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

  listKeys() {
    return this.call('GET', '/keys', keyPage);
  }

  showKey(id: string) {
    return this.call('GET', `/keys/${encodeURIComponent(id)}`, keyView);
  }

  rotateKey(id: string, overlapMs?: number) {
    return this.call('POST', `/keys/${encodeURIComponent(id)}/rotate`, issuedKeyView, { overlap_ms: overlapMs });
  }

  revokeKey(id: string) {
    return this.call('DELETE', `/keys/${encodeURIComponent(id)}`, keyView);
  }

  listStreams(filter: StreamListFilter = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(filter)) if (value !== undefined) query.set(name, String(value));
    return this.call('GET', `/streams?${query}`, streamPage);
  }

  showStream(id: string) {
    return this.call('GET', `/streams/${encodeURIComponent(id)}`, streamView);
  }

  stopStream(id: string) {
    return this.call('DELETE', `/streams/${encodeURIComponent(id)}`, streamView);
  }

  createLink(channelOrId: string, body: CreateLinkRequest) {
    return this.call('POST', `/streams/${encodeURIComponent(channelOrId)}/links`, linkView, body);
  }

  listEvents(stream: string) {
    return this.call('GET', `/events?stream=${encodeURIComponent(stream)}`, eventPage);
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
