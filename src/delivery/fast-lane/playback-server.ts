import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TrustedProxies } from '../../base/client-address.ts';
import type { Clock } from '../../base/clock.ts';
import { listenOn, stopListening } from '../../base/listening.ts';
import type { Delivery } from '../delivery.ts';
import type { SlowReaderBudget } from '../paced-body.ts';
import { problem } from '../problem.ts';
import type { Reply } from '../reply.ts';
import { AddressLimit } from './address-limit.ts';
import type { ConnectionFront, ConnectionHost } from './connection-front.ts';
import type { ConnectionDeadlines, Lane } from './lane.ts';
import { PreparedReplies } from './prepared-replies.ts';
import { RequestParser } from './request-parser.ts';
import { ViewerConnection } from './viewer-connection.ts';

export interface PlaybackServerOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly delivery: Delivery;
  /** Gets every connection that sends something else than playback requests. Made for this, and never told to listen. */
  readonly full: HttpServer;
  readonly clock: Clock;
  /** TLS; without it, connections come in the clear. */
  readonly front?: ConnectionFront | undefined;
  /** In all, handed over or not. */
  readonly maxConnections: number;
  /** From one address; 0: no cap. */
  readonly maxPerIp?: number;
  /** Addresses and networks that the cap does not hold for. */
  readonly trustedProxies?: readonly string[];
  /** For several threads on one port. */
  readonly isPortShared?: boolean;
  readonly deadlines?: ConnectionDeadlines;
  readonly budget?: SlowReaderBudget;
}

export interface PlaybackServerStats {
  /** Open now, with those handed over. */
  readonly connections: number;
  /** Handed to sockets of the fast lane and not yet taken by the network. */
  readonly bytesInFlight: number;
  /** Since the start: handed to the full server. */
  readonly handedOver: number;
  /** Since the start: refused because there were too many, in all or from one address. */
  readonly refused: number;
  /** Since the start: connections the system could not give us. */
  readonly acceptErrors: number;
}

const defaultDeadlines: ConnectionDeadlines = { headMs: 10_000, idleMs: 65_000, lingerMs: 2000 };
const defaultBudget: SlowReaderBudget = { stallMs: 30_000, pendingBytes: 16 << 20 };
/** Deadlines are looked at, and Date is renewed, at the beginning of each second. */
const sweepMs = 1000;
/** So many are told at once that there is no room; more are just closed. */
const maxRefusals = 256;
// Half open: a viewer that has said all may still listen, and node:http expects to end its sockets itself.
const accepting = { allowHalfOpen: true, noDelay: true };
/** What answers that are under way get at the end. */
const graceMs = 3000;

/**
 * The listener for viewers. Answers what players send itself, from bytes made once for all; whatever it does not positively
 * recognise goes to the full server with its bytes, and the connection stays there.
 */
export class PlaybackServer implements Lane, ConnectionHost {
  readonly delivery: Delivery;
  readonly parser = new RequestParser();
  readonly prepared: PreparedReplies;
  readonly deadlines: ConnectionDeadlines;
  readonly budget: SlowReaderBudget;
  nowMs = 0;
  private readonly options: PlaybackServerOptions;
  private readonly server: Server;
  /** What listens: the server, and one more for each further socket that was handed over. */
  private listeners: readonly Server[] = [];
  private readonly connections = new Set<ViewerConnection>();
  private readonly refusing = new Set<ViewerConnection>();
  readonly proxies: TrustedProxies;
  private readonly addresses: AddressLimit;
  private open = 0;
  /** Of the open ones, those there is no room for. */
  private excess = 0;
  private handedOver = 0;
  private refused = 0;
  private acceptErrors = 0;
  private cancelSweep = () => {};

  constructor(options: PlaybackServerOptions) {
    this.options = options;
    this.delivery = options.delivery;
    this.deadlines = options.deadlines ?? defaultDeadlines;
    this.budget = options.budget ?? defaultBudget;
    this.prepared = new PreparedReplies(this.deadlines.idleMs);
    this.proxies = new TrustedProxies(options.trustedProxies ?? []);
    this.addresses = new AddressLimit(options.maxPerIp ?? 0, this.proxies);
    const { front } = options;
    front?.open(this);
    this.server = front?.server ?? createServer(accepting, (socket) => this.accept(socket));
  }

  /** On sockets that listen already, or on its own. Rejects with the system's error when nothing can listen there. */
  async start(descriptors: readonly number[] = []): Promise<void> {
    const { server, options } = this;
    const { listen, isPortShared: reusePort = false } = options;
    this.listeners = await listenOn(server, { ...listen, backlog: 4096, reusePort, descriptors }, accepting);
    for (const listener of this.listeners) {
      listener.on('error', () => {
        this.acceptErrors++;
      });
    }
    // Without this its deadlines for slow requests never run: they begin when a server listens.
    options.full.emit('listening');
    this.sweep();
  }

  /** Where it listens. */
  get address(): AddressInfo {
    return this.server.address() as AddressInfo;
  }

  stats(): PlaybackServerStats {
    const { open: connections, handedOver, refused, acceptErrors } = this;
    let bytesInFlight = 0;
    for (const { socket } of this.connections) bytesInFlight += socket.writableLength;
    return { connections, bytesInFlight, handedOver, refused, acceptErrors };
  }

  /** Answers under way get a few seconds, connections that have not asked yet less than two; idle ones nothing. */
  async stop(): Promise<void> {
    const { server, listeners, options } = this;
    const { full, clock, front } = options;
    if (!server.listening) return;
    const closed = stopListening(listeners);
    full.close();
    full.closeIdleConnections();
    for (const connection of [...this.connections]) connection.leave();
    front?.leave();
    const cancel = clock.after(graceMs, () => {
      full.closeAllConnections();
      for (const { socket } of [...this.connections, ...this.refusing]) socket.destroy();
      front?.destroyAll();
    });
    await closed;
    cancel();
    this.cancelSweep();
  }

  /** Takes a viewer's connection, wherever it was accepted. */
  accept(socket: Socket): void {
    this.serve(socket, this.count(socket));
  }

  count(socket: Socket): boolean {
    const { addresses, options } = this;
    const address = socket.remoteAddress ?? ''; // gone when it closes
    const isWithinShare = addresses.enter(address);
    this.open++;
    const hasRoom = isWithinShare && this.open - this.excess <= options.maxConnections;
    if (!hasRoom) {
      this.excess++;
      this.refused++;
    }
    socket.once('close', () => {
      this.open--;
      if (!hasRoom) this.excess--;
      addresses.leave(address);
    });
    if (this.excess > maxRefusals) socket.destroy();
    return hasRoom;
  }

  serve(socket: Socket, isWelcome: boolean): void {
    if (socket.destroyed) return;
    const connection = new ViewerConnection(socket, this);
    if (isWelcome) {
      this.connections.add(connection);
      return;
    }
    this.refusing.add(connection);
    connection.refuse(this.prepared.last(this.refusal()).bytes);
  }

  refusal(): Reply {
    const limit = this.options.maxConnections;
    return problem('DELIVERY_CONNECTIONS_EXHAUSTED', { limit }).replyTo({ method: 'GET', path: '', query: '' });
  }

  handOver(connection: ViewerConnection, bytes: Buffer): void {
    const { socket } = connection;
    this.connections.delete(connection);
    connection.release();
    if (socket.destroyed || socket.readableEnded) {
      socket.destroy();
      return;
    }
    this.handedOver++;
    socket.pause();
    socket.unshift(bytes);
    this.options.full.emit('connection', socket);
    socket.resume();
  }

  closed(connection: ViewerConnection): void {
    this.connections.delete(connection);
    this.refusing.delete(connection);
  }

  /** One timer for all connections. */
  private readonly sweep = (): void => {
    const { clock } = this.options;
    this.nowMs = clock.monotonicMs();
    const wallMs = clock.wallMs();
    this.prepared.tell(wallMs);
    for (const connection of this.connections) if (connection.deadlineMs <= this.nowMs) connection.expire();
    for (const connection of this.refusing) if (connection.deadlineMs <= this.nowMs) connection.expire();
    this.options.front?.sweep(this.nowMs);
    this.cancelSweep = clock.after(sweepMs - (wallMs % sweepMs), this.sweep);
  };
}
