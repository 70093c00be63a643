import type { IncomingMessage, RequestListener, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientAddress, TrustedProxies } from '../base/client-address.ts';
import type { Clock } from '../base/clock.ts';
import { cmcdHeaders } from '../cmcd/request-parts.ts';
import type { Delivery } from './delivery.ts';
import { PacedBody, type SlowReaderBudget } from './paced-body.ts';
import { isPlaybackPath } from './playback-path.ts';
import type { PendingReply, PlaybackRequest, ProgressiveReply, Reply } from './reply.ts';
import { edgeHeader } from './reply-headers.ts';
import { collectReport } from './report-body.ts';
import { viewerName } from './viewer-events/event-writer.ts';

/** How a node:http server that faces viewers is to be made: deadlines and limits against slow and oversized requests. */
export const viewerServerOptions: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  /** For receiving the request, not for answering it: blocked requests may take longer. */
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 65_000,
  noDelay: true,
  insecureHTTPParser: false,
};

export interface PlaybackListenerOptions {
  readonly clock: Clock;
  readonly budget?: SlowReaderBudget;
  readonly proxies?: TrustedProxies;
}

/** What a connection waits for and is being sent: given up when it closes. Of pipelined requests only the first would hear of that. */
interface UnderWay {
  readonly held: Set<PendingReply>;
  readonly bodies: Set<PacedBody>;
  /** Its number. */
  readonly connection: number;
}

/** Pipelined requests of one connection that may be held; no player and no proxy pipelines. */
const maxHeldPerSocket = 8;
const defaultBudget: SlowReaderBudget = { stallMs: 30_000, pendingBytes: 16 << 20 };

/**
 * Answers playback requests on node:http, and hands everything else to `next`. A viewer that leaves frees what it waited for;
 * one that does not take its bytes is cut off; an answer that must be broken off ends with the connection, so that no cache
 * takes it for whole.
 */
export function createPlaybackListener(
  delivery: Delivery,
  next: RequestListener,
  { clock, budget = defaultBudget, proxies = new TrustedProxies([]) }: PlaybackListenerOptions,
): RequestListener {
  const times = delivery.counters.times.full;
  const bySocket = new WeakMap<Socket, UnderWay>();
  const underWayOf = (socket: Socket): UnderWay => {
    const known = bySocket.get(socket);
    if (known !== undefined) return known;
    const underWay: UnderWay = { held: new Set(), bodies: new Set(), connection: delivery.newConnection() };
    bySocket.set(socket, underWay);
    socket.once('close', () => {
      for (const answer of underWay.held) answer.cancel();
      for (const body of underWay.bodies) body.close();
    });
    return underWay;
  };
  return (incoming, response) => {
    const { path, query } = splitTarget(incoming.url ?? '');
    if (!isPlaybackPath(path)) {
      next(incoming, response);
      return;
    }
    const { held, bodies, connection } = underWayOf(incoming.socket);
    const body = () => {
      const made = new PacedBody({ response, clock, budget, counters: delivery.counters, memory: delivery.memory });
      bodies.add(made);
      response.once('close', () => bodies.delete(made));
      return made;
    };
    const give = (reply: Reply | ProgressiveReply, sinceMs: number) => {
      if (reply.kind === 'whole') times.follow(response, sinceMs);
      send(response, reply, body);
    };
    const request = { ...playbackRequest(incoming, path, query, proxies), connection };
    if (request.method === 'POST') {
      collectReport(incoming, (reportBody) => {
        const sinceMs = times.begin();
        const reply = delivery.answer({ ...request, body: reportBody });
        if (reply.kind !== 'pending') give(reply, sinceMs);
      });
      return;
    }
    const sinceMs = times.begin();
    const answer = delivery.answer(request);
    if (answer.kind !== 'pending') {
      give(answer, sinceMs);
      return;
    }
    held.add(answer);
    answer.settle((reply) => {
      held.delete(answer);
      give(reply, times.renew(sinceMs));
    });
    if (held.size > maxHeldPerSocket) incoming.socket.destroy();
  };
}

function send(response: ServerResponse, reply: Reply | ProgressiveReply, body: () => PacedBody): void {
  response.writeHead(reply.status, reply.headers as string[]);
  if (reply.kind === 'progressive') sendProgressive(response, reply, body());
  else if (reply.body.length === 0) response.end();
  else body().sendWhole(reply.body);
}

function sendProgressive(response: ServerResponse, reply: ProgressiveReply, body: PacedBody): void {
  const stop = reply.start({
    chunk: (bytes) => body.push(bytes),
    end: () => body.end(),
    abort: () => body.abort(),
  });
  response.once('close', stop);
}

/** The path and query of a request target in origin form, or in absolute form, which RFC 9112 §3.2.2 has servers accept. */
function splitTarget(target: string): { readonly path: string; readonly query: string } {
  let at = 0;
  if (target.startsWith('http://') || target.startsWith('https://')) {
    const authority = target.indexOf('//') + 2;
    const slash = target.indexOf('/', authority);
    at = slash < 0 ? target.length : slash;
  }
  const mark = target.indexOf('?', at);
  return mark < 0
    ? { path: target.slice(at), query: '' }
    : { path: target.slice(at, mark), query: target.slice(mark + 1) };
}

function playbackRequest(
  incoming: IncomingMessage,
  path: string,
  query: string,
  proxies: TrustedProxies,
): PlaybackRequest {
  const { method = '', headers, socket } = incoming;
  const ifRange = headers['if-range'];
  const peer = socket.remoteAddress ?? '';
  const cmcd = cmcdHeaders.flatMap((name) => headers[name] ?? []);
  return {
    method,
    path,
    query,
    range: headers.range,
    ifRange: typeof ifRange === 'string' ? ifRange : undefined,
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: headers['if-modified-since'],
    viewer: viewerName(clientAddress(peer, headers, proxies), headers['user-agent'] ?? ''),
    isBehindProxy: peer !== '' && proxies.has(peer),
    cmcd: cmcd.length === 0 ? undefined : cmcd.join(','),
    acceptEncoding: typeof headers['accept-encoding'] === 'string' ? headers['accept-encoding'] : undefined,
    edgeSecret: typeof headers[edgeHeader] === 'string' ? headers[edgeHeader] : undefined,
  };
}
