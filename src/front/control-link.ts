import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { clientAddress, type TrustedProxies } from '../base/client-address.ts';
import { StreamctlError } from '../base/errors.ts';
import { originForm } from './control-paths.ts';
import { headersToClient, headersToControl } from './inner-headers.ts';
import { Occupancy } from './occupancy.ts';
import { sendProblem } from './send-problem.ts';

export interface ControlLinkOptions {
  /** Where control listens for its delivery threads. */
  readonly socketPath: string;
  readonly proxies: TrustedProxies;
  readonly limits?: Partial<ControlLinkLimits>;
}

export interface ControlLinkLimits {
  /** Requests under way at once, in all and for one address (IPv6: one /64). */
  readonly requests: number;
  readonly requestsPerAddress: number;
  /** WebSockets open at once, likewise. */
  readonly upgrades: number;
  readonly upgradesPerAddress: number;
  /** How long nothing of a request may move, ms. */
  readonly silenceMs: number;
}

const defaultLimits: ControlLinkLimits = {
  requests: 256,
  requestsPerAddress: 64,
  upgrades: 2048,
  upgradesPerAddress: 256,
  silenceMs: 15_000,
};

/**
 * The way from a delivery thread to control, over a Unix socket of our own: requests and WebSockets, with the address of who asks
 * attached. It says nothing of who that is. When control is away or slow, only what is asked of it is refused.
 */
export class ControlLink {
  private readonly options: ControlLinkOptions;
  private readonly silenceMs: number;
  private readonly agent: Agent;
  private readonly requests: Occupancy;
  private readonly upgrades: Occupancy;
  private readonly upgraded = new Set<Socket>();

  constructor(options: ControlLinkOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    this.options = options;
    this.silenceMs = limits.silenceMs;
    this.requests = new Occupancy(limits.requests, limits.requestsPerAddress);
    this.upgrades = new Occupancy(limits.upgrades, limits.upgradesPerAddress);
    // Idle connections are given up before control does it, so that no request meets one that is just being closed.
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: limits.requests,
      maxFreeSockets: 8,
      timeout: limits.silenceMs,
    });
  }

  /** Has control answer a request, over HTTP/1.1 or HTTP/2. */
  pass(request: IncomingMessage, response: ServerResponse): void {
    const address = this.addressOf(request);
    const leave = this.requests.enter(address);
    if (leave === undefined) {
      sendProblem(response, new StreamctlError('API_BUSY', {}));
      return;
    }
    response.once('close', leave);
    const headers = headersToControl(request.headers, address);
    const hasBody = bodyFollows(request);
    // Framed anew by us, whatever the method: nothing that a client says of a length reaches the other side.
    if (hasBody) headers['transfer-encoding'] = 'chunked';
    const asked = this.ask(request, headers, this.agent);
    relayAnswer(asked, response);
    if (hasBody) request.pipe(asked);
    else asked.end();
  }

  /** Has control take over a connection as a WebSocket. What control answers instead is the last that the connection hears. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', ignore);
    this.upgraded.add(socket);
    socket.once('close', () => this.upgraded.delete(socket));
    const response = lastResponse(request, socket);
    const address = this.addressOf(request);
    const leave = this.upgrades.enter(address);
    if (leave === undefined) {
      sendProblem(response, new StreamctlError('API_BUSY', {}));
      return;
    }
    socket.once('close', leave);
    const headers = { ...headersToControl(request.headers, address), connection: 'Upgrade', upgrade: 'websocket' };
    const asked = this.ask(request, headers, false);
    relayAnswer(asked, response);
    asked.once('upgrade', (answer, inner: Socket, innerHead) => {
      response.detachSocket(socket);
      joinSockets(socket, inner);
      socket.write(switchingHead(answer));
      if (innerHead.length > 0) socket.write(innerHead);
      if (head.length > 0) inner.write(head);
    });
    asked.end();
  }

  /** Ends WebSockets, which nobody else does, and idle connections to control. */
  close(): void {
    for (const socket of this.upgraded) socket.destroy();
    this.agent.destroy();
  }

  private addressOf({ socket, headers }: IncomingMessage): string {
    return clientAddress(socket.remoteAddress ?? '', headers, this.options.proxies);
  }

  private ask(
    { method, url }: IncomingMessage,
    headers: ReturnType<typeof headersToControl>,
    agent: Agent | false,
  ): ClientRequest {
    const { socketPath } = this.options;
    const asked = httpRequest({
      socketPath,
      method,
      path: originForm(url ?? '/'),
      headers,
      agent,
      timeout: this.silenceMs,
    });
    asked.once('timeout', () => asked.destroy(new Error('nothing moved')));
    return asked;
  }
}

/** Gives control's answer to who asked, or says that there is none; either of the two that leaves takes the other along. */
function relayAnswer(asked: ClientRequest, response: ServerResponse): void {
  const giveUp = () => {
    if (response.headersSent) breakOff(response);
    else sendProblem(response, new StreamctlError('API_CONTROL_AWAY', {}));
  };
  asked.on('error', giveUp);
  asked.once('response', (answer) => {
    answer.once('error', giveUp);
    response.writeHead(answer.statusCode!, headersToClient(answer.headers));
    answer.pipe(response);
  });
  response.once('close', () => asked.destroy());
}

/** For a connection of which node:http has let go: answers once, and ends it. */
function lastResponse(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.end());
  return response;
}

function joinSockets(one: Socket, other: Socket): void {
  other.on('error', ignore);
  other.setTimeout(0);
  one.once('close', () => other.destroy());
  other.once('close', () => one.destroy());
  one.pipe(other).pipe(one);
}

function switchingHead({ rawHeaders }: IncomingMessage): string {
  let head = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (let at = 0; at < rawHeaders.length; at += 2) head += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  return `${head}\r\n`;
}

/** What is already on its way cannot be taken back: so that nobody takes it for whole, the connection or stream is reset. */
function breakOff(response: ServerResponse): void {
  if (response.writableEnded) return;
  const stream = streamOf(response);
  if (stream === undefined) response.destroy();
  else stream.destroy(new Error('broken off'));
}

function bodyFollows(request: IncomingMessage): boolean {
  const stream = streamOf(request);
  if (stream !== undefined) return !stream.endAfterHeaders;
  const { 'transfer-encoding': encoding, 'content-length': length = '0' } = request.headers;
  return encoding !== undefined || length !== '0';
}

/** Present where node:http2's compatible objects stand in for node:http's. */
function streamOf(message: object): ServerHttp2Stream | undefined {
  return (message as { readonly stream?: ServerHttp2Stream }).stream;
}

function ignore(): void {}
