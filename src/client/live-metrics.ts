import { on } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import * as z from 'zod';
import { isStreamctlError, StreamctlError } from '../base/errors.ts';
import { type LiveMessage, liveMessage, type NodeMetrics, nodeMetrics } from '../contract/live-metrics.ts';
import { problemView } from '../contract/problem.ts';
import { ApiProblem } from './api-client.ts';
import { type HttpServer, unreachable } from './http-fetch.ts';
import { socketError } from './unix-fetch.ts';

/** A server of this machine by its control socket, or one elsewhere. */
export type LiveServer = HttpServer | { readonly socketPath: string };

export type LiveUpdate =
  | { readonly kind: 'snapshot'; readonly node: NodeMetrics }
  /** Any message but a snapshot. */
  | { readonly kind: 'notice'; readonly message: LiveMessage }
  /** The server is not heard any more, and is tried again by itself. `why` is half a sentence. */
  | { readonly kind: 'gone'; readonly why: string; readonly retryAtMs: number };

const path = '/ws/metrics';
const connectTimeoutMs = 10_000;
/** A snapshot comes every second: who says nothing for so long hangs. */
const silenceMs = 12_000;
const firstRetryMs = 1000;
const maxRetryMs = 4000;
const maxMessageBytes = 16 << 20;

/** `data` is read by its own schema, or not at all. */
const envelope = z.object({ ...liveMessage.shape, data: z.unknown() });

/**
 * What a server tells of itself, until the signal aborts. Throws what kept it from the first connection (CONTROL_NO_SERVER and the
 * like), and ApiProblem where it refuses; later it connects again by itself, and hears what was told meanwhile.
 */
export async function* followLiveMetrics(server: LiveServer, signal: AbortSignal): AsyncGenerator<LiveUpdate> {
  // At first, what the server still remembers is heard as well.
  let lastSeq = 0;
  let failures = 0;
  while (!signal.aborted) {
    let why: string;
    try {
      for await (const { seq, update } of listen(server, lastSeq, signal)) {
        lastSeq = seq;
        failures = 0;
        yield update;
      }
      why = 'it ended the connection';
    } catch (error) {
      if (signal.aborted) return;
      if (lastSeq === 0 || !isPassing(error)) throw error;
      why = (error as Error).message.replace(/\.$/, '');
    }
    if (signal.aborted) return;
    const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** failures++);
    yield { kind: 'gone', why, retryAtMs: Date.now() + waitMs };
    await delay(waitMs, undefined, { signal }).catch(() => {});
  }
}

/** One connection: ends when the server ends it; rejects where it cannot be made or breaks. */
async function* listen(
  server: LiveServer,
  afterSeq: number,
  signal: AbortSignal,
): AsyncGenerator<{ readonly seq: number; readonly update: LiveUpdate }> {
  const socket = open(server, `${path}?after=${afterSeq}`);
  const silence = setTimeout(() => socket.emit('error', silent(server)), silenceMs);
  try {
    const refused = new Promise<never>((_, reject) => {
      socket.once('unexpected-response', (_request, response: IncomingMessage) => {
        refusal(response).then(reject, reject);
      });
    });
    refused.catch(() => {});
    const messages = on(socket, 'message', { signal, close: ['close'] });
    for (;;) {
      const next = await Promise.race([messages.next(), refused]);
      if (next.done === true) return;
      silence.refresh();
      yield read((next.value as [Buffer])[0]);
    }
  } catch (error) {
    throw error instanceof ApiProblem || isStreamctlError(error) ? error : brokenOf(server, error);
  } finally {
    clearTimeout(silence);
    socket.on('error', () => {}); // of a connection that is ended before it was made
    socket.terminate();
  }
}

function open(server: LiveServer, target: string): WebSocket {
  const options = { handshakeTimeout: connectTimeoutMs, maxPayload: maxMessageBytes, perMessageDeflate: false };
  if ('socketPath' in server) {
    const { socketPath } = server;
    return new WebSocket(`ws://localhost${target}`, { ...options, createConnection: () => connect(socketPath) });
  }
  const base = server.url.replace(/\/+$/, '').replace(/^http/, 'ws');
  return new WebSocket(`${base}${target}`, { ...options, headers: { authorization: `Bearer ${server.token}` } });
}

/** Throws CONTROL_ANSWER_INVALID. */
function read(bytes: Buffer): { readonly seq: number; readonly update: LiveUpdate } {
  try {
    const message = envelope.parse(JSON.parse(bytes.toString()));
    const { seq, type } = message;
    if (type === 'snapshot') return { seq, update: { kind: 'snapshot', node: nodeMetrics.parse(message.data) } };
    return { seq, update: { kind: 'notice', message: liveMessage.parse(message) } };
  } catch (cause) {
    throw new StreamctlError('CONTROL_ANSWER_INVALID', { path }, { cause });
  }
}

async function refusal(response: IncomingMessage): Promise<Error> {
  const body = await text(response).catch(() => '');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // no problem of the API's, but of what stands before it
  }
  const problem = problemView.safeParse(value);
  if (problem.success) return new ApiProblem(problem.data);
  return new StreamctlError('CONTROL_ANSWER_INVALID', { path });
}

function brokenOf(server: LiveServer, error: unknown): StreamctlError {
  return 'socketPath' in server
    ? socketError(error, server.socketPath)
    : unreachable(server.url, new Error((error as Error).message, { cause: error }));
}

function silent(server: LiveServer): Error {
  return brokenOf(server, new Error(`it has said nothing for ${silenceMs / 1000} s`));
}

/** Whether it may be over in a moment: not what is refused, but what is away, or has too much to do. */
function isPassing(error: unknown): boolean {
  if (error instanceof ApiProblem) return error.problem.status === 429 || error.problem.status >= 500;
  return isStreamctlError(error);
}
