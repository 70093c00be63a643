import type { RequestListener } from 'node:http';
import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { TrustedProxies } from '../../base/client-address.ts';
import type { Delivery } from '../delivery.ts';
import type { ConnectionDeadlines } from '../fast-lane/lane.ts';
import type { SlowReaderBudget } from '../paced-body.ts';
import type { Reply } from '../reply.ts';
import { StreamHeaders } from './stream-headers.ts';
import { type SessionTable, ViewerSession } from './viewer-session.ts';

export interface ViewerSessionsOptions {
  readonly delivery: Delivery;
  /** Answers what is not for playback, through node:http2's compatibility interface. */
  readonly next: RequestListener;
  readonly deadlines: ConnectionDeadlines;
  readonly budget: SlowReaderBudget;
  readonly proxies: TrustedProxies;
  readonly requestMs?: number | undefined;
  readonly resets?: SessionTable['resets'] | undefined;
}

/** All viewers that speak HTTP/2. */
export class ViewerSessions implements SessionTable {
  readonly delivery: Delivery;
  readonly headers = new StreamHeaders();
  readonly deadlines: ConnectionDeadlines;
  readonly budget: SlowReaderBudget;
  readonly proxies: TrustedProxies;
  readonly requestMs: number;
  readonly resets: SessionTable['resets'];
  nowMs = 0;
  /** Sessions that were ended because of their resets. */
  floods = 0;
  private readonly sessions = new Set<ViewerSession>();
  /** Never listens: makes requests and responses of the streams it is told of. */
  private readonly pages: Http2Server;

  constructor({ delivery, next, deadlines, budget, proxies, requestMs, resets }: ViewerSessionsOptions) {
    this.delivery = delivery;
    this.deadlines = deadlines;
    this.budget = budget;
    this.proxies = proxies;
    this.requestMs = requestMs ?? 15_000;
    this.resets = resets ?? { burst: 200, perSecond: 10 };
    this.pages = createServer({}, next as unknown as (request: Http2ServerRequest, reply: Http2ServerResponse) => void);
  }

  get size(): number {
    return this.sessions.size;
  }

  get openStreams(): number {
    let count = 0;
    for (const session of this.sessions) count += session.openStreams;
    return count;
  }

  /** Speaks HTTP/2 with a viewer; with a `refusal` it is told that, and goodbye. */
  accept(socket: TLSSocket, refusal: Reply | undefined): void {
    this.sessions.add(new ViewerSession(socket, this, refusal));
  }

  foreign(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: readonly string[]): void {
    this.pages.emit('stream', stream, headers, flags, raw);
  }

  tooManyResets(): void {
    this.floods++;
  }

  closed(session: ViewerSession): void {
    this.sessions.delete(session);
  }

  leave(): void {
    for (const session of this.sessions) session.leave();
  }

  sweep(nowMs: number): void {
    this.nowMs = nowMs;
    for (const session of this.sessions) session.sweep(nowMs);
  }
}
