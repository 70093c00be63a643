import { isStreamctlError, StreamctlError } from '../../base/errors.ts';
import type { OutgoingMessage, RtmpMessage } from '../../rtmp/message.ts';
import type {
  Publication,
  PublicationEnd,
  PublisherConnection,
  PublisherDismissal,
  PublishGrant,
} from '../../stream/publication.ts';
import type { PublishRequest } from '../publish-gate.ts';
import { Deadline } from './deadline.ts';
import { encoderOfMetadata } from './encoder-name.ts';
import { RtmpLink } from './link.ts';
import { MediaIntake } from './media-intake.ts';
import { type MessageHandler, routeMessage } from './message-routing.ts';
import { decidePublish } from './publish-decision.ts';
import {
  dismissal,
  onStatus,
  publishRefusalCode,
  publishStarted,
  refusal,
  streamBegin,
  streamEof,
  unpublished,
} from './replies.ts';
import type { SessionDeps, SessionPeer, SessionWire } from './session-deps.ts';
import { canEnter, type SessionState } from './session-state.ts';

/** One publisher's conversation, from the first byte to the last. Knows no socket: bytes go in by `receive`, out by the wire. */
export class RtmpSession implements PublisherConnection, MessageHandler {
  readonly id: string;
  readonly remoteAddress: string;
  readonly isTls: boolean;
  /** Wall clock. */
  readonly connectedAtMs: number;
  encoder = '';
  canReconnect = false;
  grant: PublishGrant | undefined;
  intake: MediaIntake | undefined;
  /** Messages received, and those of them that nobody wanted. */
  messages = 0;
  dropped = 0;
  private readonly deps: SessionDeps;
  private readonly wire: SessionWire;
  private readonly link: RtmpLink;
  private current: SessionState = 'handshake';
  private publication: Publication | undefined;
  private publishStreamId = 1;
  private authorization: AbortController | undefined;
  /** What came behind a publish command in the same read, while the key is being checked. */
  private early: RtmpMessage[] = [];
  private hasMetadata = false;
  private readonly deadline: Deadline;

  constructor(deps: SessionDeps, peer: SessionPeer, wire: SessionWire) {
    this.deps = deps;
    this.wire = wire;
    this.id = peer.id;
    this.remoteAddress = peer.remoteAddress;
    this.isTls = peer.isTls;
    this.connectedAtMs = deps.clock.wallMs();
    this.deadline = new Deadline(deps.limits, deps.clock.monotonicMs());
    const { random, buffers, limits } = deps;
    this.link = new RtmpLink({
      random,
      buffers,
      limits,
      send: (bytes) => wire.send(bytes),
      onHandshake: () => this.enter('connecting'),
      onMessage: (message) => this.take(message),
    });
  }

  get state(): SessionState {
    return this.current;
  }

  get bytesIn(): number {
    return this.link.bytesRead;
  }

  /** Takes over the bytes. Never throws: what is wrong ends this session and nothing else. */
  receive(bytes: Uint8Array): void {
    if (this.isOver) return;
    try {
      this.link.receive(bytes, this.deps.clock.monotonicMs());
    } catch (error) {
      this.fail(error);
    }
  }

  /** The socket is gone. */
  closed(): void {
    if (this.current === 'closed') return;
    this.endPublication('lost');
    this.enter('closed');
    this.release();
  }

  dismiss(reason: PublisherDismissal, error?: StreamctlError): void {
    if (this.isOver) return;
    this.publication = undefined;
    this.deps.observer.unpublished(this, reason);
    const { publishStreamId } = this;
    this.leave([dismissal(publishStreamId, reason, this.canReconnect, error), streamEof(publishStreamId)]);
  }

  /** Ends the session as if the connection had broken, but says why: for a server that stops. */
  shutDown(): void {
    if (this.isOver) return;
    if (this.current === 'handshake') {
      this.drop();
      return;
    }
    this.endPublication('lost');
    this.leave([dismissal(this.publishStreamId, 'shutdown', this.canReconnect)]);
  }

  /** Makes room for newer connections. */
  evict(): void {
    if (this.isOver) return;
    this.deps.observer.refused(this, new StreamctlError('RTMP_CROWDED', {}));
    this.drop();
  }

  destroy(): void {
    if (this.current !== 'closed') this.drop();
  }

  /** Looks at the deadline of the present state; called every `sweepIntervalMs`. */
  sweep(nowMs: number): void {
    if (this.deadline.isOver(this.current, this.link.bytesRead, nowMs)) this.expire();
    else if (this.current === 'publishing' && this.deadline.isPingDue(nowMs)) this.link.ping(nowMs);
  }

  /** Gives back time in which the process stood still. */
  forgive(stalledMs: number): void {
    this.deadline.forgive(stalledMs);
  }

  // What commands may do.

  accept(messages: OutgoingMessage[]): void {
    this.enter('connected');
    this.link.send(messages);
  }

  send(messages: readonly OutgoingMessage[]): void {
    this.link.send(messages);
  }

  refuse(error: StreamctlError, lastWords: OutgoingMessage): void {
    this.deps.observer.refused(this, error);
    this.leave([lastWords]);
  }

  requestPublish(request: Pick<PublishRequest, 'app' | 'streamName'>, streamId: number): void {
    this.enter('authorizing');
    this.publishStreamId = streamId;
    this.wire.pause();
    const { remoteAddress, isTls, encoder } = this;
    void this.authorize({ ...request, remoteAddress, isTls, encoder });
  }

  goodbye(streamId?: number): void {
    if (this.current !== 'publishing' || (streamId !== undefined && streamId !== this.publishStreamId)) return;
    this.endPublication('goodbye');
    this.enter('connected');
    this.link.send([onStatus(this.publishStreamId, unpublished)]);
  }

  // What messages may do besides.

  readMetadata(message: RtmpMessage): void {
    if (this.hasMetadata || this.current !== 'publishing') return;
    this.hasMetadata = true;
    this.encoder = encoderOfMetadata(message) ?? this.encoder;
  }

  countDropped(): void {
    this.dropped++;
  }

  private get isOver(): boolean {
    return this.current === 'closing' || this.current === 'closed';
  }

  private async authorize(request: PublishRequest): Promise<void> {
    this.authorization = new AbortController();
    const { signal } = this.authorization;
    const decision = await decidePublish(request, this.deps, signal, (error) => this.deps.observer.broke(this, error));
    if (this.current !== 'authorizing') return;
    try {
      if (decision.allowed) this.publish(decision.grant);
      else this.refusePublish(decision.error);
    } catch (error) {
      this.fail(error);
    }
  }

  private publish(grant: PublishGrant): void {
    const { admit, openPublication, observer } = this.deps;
    const noRoom = admit(grant, this);
    if (noRoom !== undefined) {
      this.refusePublish(noRoom);
      return;
    }
    this.grant = grant;
    const publication = openPublication(grant, this);
    if (this.current !== 'authorizing') return; // dismissed meanwhile
    this.publication = publication;
    this.intake = new MediaIntake(publication);
    this.enter('publishing');
    this.link.send([streamBegin(this.publishStreamId), onStatus(this.publishStreamId, publishStarted)]);
    observer.published(this);
    this.wire.resume();
    for (const message of this.early.splice(0)) this.take(message);
  }

  private refusePublish(error: StreamctlError): void {
    if (this.current !== 'authorizing') return;
    this.refuse(error, onStatus(this.publishStreamId, refusal(publishRefusalCode(error), error)));
  }

  private take(message: RtmpMessage): void {
    this.messages++;
    switch (this.current) {
      case 'publishing':
      case 'connecting':
      case 'connected':
        routeMessage(message, this);
        return;
      case 'authorizing':
        this.early.push({ ...message, payload: Uint8Array.from(message.payload) });
        return;
      default:
        this.dropped++;
    }
  }

  private fail(error: unknown): void {
    if (this.isOver) return;
    const { observer } = this.deps;
    if (isStreamctlError(error) && error.code === 'RTMP_INPUT_UNUSABLE') this.failPublication(error);
    else this.endPublication('lost');
    if (!isStreamctlError(error)) {
      observer.broke(this, error);
      this.drop();
    } else if (this.current === 'handshake') {
      observer.refused(this, error);
      this.drop();
    } else if (this.current === 'authorizing') {
      this.refusePublish(error);
    } else {
      this.refuse(error, onStatus(this.publishStreamId, refusal('NetStream.Failed', error)));
    }
  }

  private expire(): void {
    if (this.current !== 'publishing' && this.current !== 'closing') {
      const waitedFor = this.current === 'handshake' ? 'a handshake' : 'a publish command';
      this.deps.observer.refused(this, new StreamctlError('RTMP_TOO_SLOW', { waitedFor }));
    }
    this.drop();
  }

  private endPublication(how: PublicationEnd): void {
    const { publication } = this;
    if (publication === undefined) return;
    this.publication = undefined;
    this.deps.observer.unpublished(this, how);
    publication.end(how);
  }

  private failPublication(error: StreamctlError): void {
    const { publication } = this;
    if (publication === undefined) return;
    this.publication = undefined;
    this.deps.observer.unpublished(this, 'unusable');
    publication.fail(error);
  }

  private leave(lastWords: OutgoingMessage[]): void {
    this.enter('closing');
    this.link.send(lastWords);
    this.release();
    this.wire.resume();
    this.wire.close();
  }

  private drop(): void {
    this.endPublication('lost');
    if (this.current !== 'closing') this.enter('closing');
    this.release();
    this.wire.destroy();
  }

  private release(): void {
    this.authorization?.abort();
    this.early = [];
    this.link.dispose();
  }

  private enter(state: SessionState): void {
    if (!canEnter(this.current, state))
      throw new Error(`RTMP session ${this.id}: ${this.current} cannot become ${state}`);
    this.deadline.enter(this.current, state, this.deps.clock.monotonicMs());
    this.current = state;
  }
}
