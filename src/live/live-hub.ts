import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Identity } from '../access/identity.ts';
import type { LiveControl } from '../api/live-control.ts';
import { RateLimit } from '../api/rate-limit.ts';
import type { Clock } from '../base/clock.ts';
import { publicMetrics } from '../contract/live-metrics.ts';
import type { Log } from '../observability/log.ts';
import type { EventRow } from '../store/ports/event-store.ts';
import { closeCodes, LiveConnection } from './live-connection.ts';
import type { LiveMetrics } from './live-metrics.ts';
import { notificationOf, publicNotificationOf } from './notifications.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { admitSocket, isGood, type SocketFrom, type SocketGrant, type SocketTerms } from './socket-admission.ts';
import { SocketCounts, type SocketFigures } from './socket-counts.ts';
import { subprotocol } from './socket-request.ts';
import { Tickets } from './tickets.ts';
import { Topic } from './topic.ts';

export interface LiveHubOptions extends Omit<SocketTerms, 'limit' | 'tickets' | 'isRemembered'> {
  readonly clock: Clock;
  readonly metrics: LiveMetrics;
  readonly live: LiveControl;
  /** Whether other nodes write to the store what is about their streams. */
  readonly isStoreShared: boolean;
  readonly channelOfKey: (keyId: string) => string | undefined;
  readonly log: Pick<Log, 'error'>;
}

/** For so long it is remembered what was told of a stream that is over, or that nobody listens to. */
const keepMs = 10 * 60_000;
/** What somebody who listens may say. */
const maxPayload = 1024;

/** All WebSockets: who listens to what, and what they are told. */
export class LiveHub {
  private readonly options: LiveHubOptions;
  private readonly terms: SocketTerms;
  private readonly server: WebSocketServer;
  private readonly node: Topic;
  private readonly whole = new Map<string, Topic>();
  private readonly open = new Map<string, Topic>();
  private readonly connections = new Set<LiveConnection>();
  private readonly counts = new SocketCounts();
  /** Streams that ran here, and until when that matters. */
  private readonly ours = new Map<string, number>();
  private hasEnded = false;

  constructor(options: LiveHubOptions) {
    const { clock, metrics } = options;
    this.options = options;
    this.terms = {
      ...options,
      limit: new RateLimit(clock),
      tickets: new Tickets(clock),
      isRemembered: (streamId) => this.whole.has(streamId),
    };
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : (offered.values().next().value ?? false)),
    });
    this.node = new Topic({ streamId: null, clock, snapshot: () => metrics.nodeNow() });
  }

  figures(): SocketFigures {
    return { ...this.counts, open: this.connections.size };
  }

  /** A ticket that stands once for who asks, and for what the Authorization header said. */
  readonly issueTicket = (identity: Identity, authorization: string | undefined): string => {
    const isValid = () => authorization === undefined || isGood(authorization, this.terms);
    return this.terms.tickets.issue({ identity, isValid });
  };

  /** Takes a connection that is to become a WebSocket. */
  readonly upgrade = (incoming: IncomingMessage, socket: Socket, head: Buffer, from: SocketFrom): void => {
    socket.on('error', () => socket.destroy());
    admitSocket(incoming, from, this.terms).then(
      (grant) => this.accept(incoming, socket, head, grant),
      (error: unknown) => refuseUpgrade(socket, error, this.options.log),
    );
  };

  /** Once a second, when there are new figures: tells everybody. */
  tick(): void {
    const nowMs = this.options.clock.wallMs();
    for (const { streamId } of this.options.live.list()) this.ours.set(streamId, nowMs + keepMs);
    for (const [streamId, untilMs] of this.ours) if (untilMs < nowMs) this.ours.delete(streamId);
    for (const topic of this.topics()) topic.tellSnapshot();
    for (const topics of [this.whole, this.open]) {
      for (const [streamId, { listeners, usedAtMs }] of topics) {
        if (listeners.size === 0 && !this.ours.has(streamId) && usedAtMs < nowMs - keepMs) topics.delete(streamId);
      }
    }
    for (const connection of this.connections) {
      connection.look().catch((err) => this.options.log.error({ err }, 'a WebSocket could not be looked after'));
    }
  }

  /** Tells of an event, those whom it concerns. */
  readonly tell = (event: EventRow): void => {
    const { streamId } = event;
    if (streamId !== null && !this.isOurs(streamId)) return;
    const notification = notificationOf(event);
    this.node.notify(notification, streamId);
    const concerned = streamId ?? this.streamOfKey(event);
    if (concerned === undefined) return;
    this.wholeTopic(concerned).notify(notification, concerned);
    const open = publicNotificationOf(notification);
    if (open !== undefined) this.openTopic(concerned).notify(open, concerned);
  };

  /** Says goodbye to all. */
  stop(): void {
    this.hasEnded = true;
    for (const connection of this.connections) connection.close(closeCodes.goingAway, 'the server stops');
  }

  private accept(incoming: IncomingMessage, socket: Socket, head: Buffer, grant: SocketGrant): void {
    if (this.hasEnded || socket.destroyed) {
      socket.destroy();
      return;
    }
    const topic = this.topicOf(grant);
    this.server.handleUpgrade(incoming, socket, head, (webSocket) => {
      const { monotonicMs } = this.options.clock;
      const { isAllowed, afterSeq } = grant;
      const connection = new LiveConnection(
        { socket: webSocket, topic, monotonicMs, isAllowed, counts: this.counts },
        afterSeq,
      );
      this.connections.add(connection);
      webSocket.once('close', () => this.connections.delete(connection));
    });
  }

  private topicOf({ streamId, isPublic }: SocketGrant): Topic {
    if (streamId === undefined) return this.node;
    return isPublic ? this.openTopic(streamId) : this.wholeTopic(streamId);
  }

  private wholeTopic(streamId: string): Topic {
    return this.topicIn(this.whole, streamId, () => this.options.metrics.stream(streamId));
  }

  private openTopic(streamId: string): Topic {
    return this.topicIn(this.open, streamId, () => {
      const known = this.options.metrics.stream(streamId);
      return known && publicMetrics.parse(known);
    });
  }

  private topicIn(topics: Map<string, Topic>, streamId: string, snapshot: () => object | undefined): Topic {
    let topic = topics.get(streamId);
    if (topic === undefined) {
      topic = new Topic({ streamId, clock: this.options.clock, snapshot });
      topics.set(streamId, topic);
    }
    return topic;
  }

  private *topics(): Iterable<Topic> {
    yield this.node;
    yield* this.whole.values();
    yield* this.open.values();
  }

  private isOurs(streamId: string): boolean {
    const { isStoreShared, live } = this.options;
    return !isStoreShared || this.ours.has(streamId) || live.get(streamId) !== undefined;
  }

  /** Of the channel whose key an event is about. */
  private streamOfKey({ payload }: EventRow): string | undefined {
    const keyId = payload.key_id;
    const channel = typeof keyId === 'string' ? this.options.channelOfKey(keyId) : undefined;
    return channel === undefined ? undefined : this.options.live.get(channel)?.streamId;
  }
}
