import type { Socket } from 'node:net';
import type { PendingReply, ProgressiveReply, Reply } from '../reply.ts';
import { ConnectionRequest } from './connection-request.ts';
import { GrowingBody, type GrowingBodyEvents } from './growing-body.ts';
import type { Lane } from './lane.ts';
import { type OutgoingBody, WholeBody } from './outgoing-body.ts';
import { bareRefusal } from './prepared-replies.ts';
import { maxHeadBytes } from './request-parser.ts';

/**
 * What a connection is at. `head`: no or half a request. `held`: its request waits for media. `sending`: the viewer has to take bytes
 * before it gets more. `growing`: it has taken all there is of a body in the making. `closing`: we have said the last word.
 */
type State = 'head' | 'held' | 'sending' | 'growing' | 'closing' | 'gone';

/** Requests that may pile up unread behind the one being answered, bytes. */
const maxPipelinedBytes = maxHeadBytes;

/** When the server stops, for sending a request that has not arrived: who has just connected would else be sent away unheard. */
const lastRequestMs = 500;

/** One viewer's connection: requests in, answers out, in order, one at a time. */
export class ViewerConnection implements GrowingBodyEvents {
  readonly socket: Socket;
  /** When the sweep is to look at it, monotonic ms. */
  deadlineMs: number;
  private readonly lane: Lane;
  private state: State = 'head';
  private unread: Buffer | undefined;
  private hasEnded = false;
  private isLast = false;
  private isAnswering = false;
  private isPaused = false;
  /** Whether the deadline for the head that is awaited runs already. */
  private isHeadDue = true;
  private readonly request: ConnectionRequest;
  private held: PendingReply | undefined;
  /** Since when the request's answer is on its way, where it is timed, monotonic ms; 0: it is not. */
  private timedSinceMs = 0;
  private body: OutgoingBody | undefined;

  constructor(socket: Socket, lane: Lane) {
    this.socket = socket;
    this.lane = lane;
    this.deadlineMs = lane.nowMs + lane.deadlines.headMs;
    this.request = new ConnectionRequest(lane.delivery.newConnection());
    socket.on('data', this.onData);
    socket.on('drain', this.onDrain);
    socket.on('end', this.onEnd);
    socket.on('error', ignore);
    socket.on('close', this.onClose);
  }

  /** Lets go of the socket: someone else speaks from here on. */
  release(): void {
    const { socket } = this;
    this.state = 'gone';
    socket.off('data', this.onData);
    socket.off('drain', this.onDrain);
    socket.off('end', this.onEnd);
    socket.off('error', ignore);
    socket.off('close', this.onClose);
  }

  /** Ends the connection without having listened. */
  refuse(word: Buffer): void {
    this.finish(word);
  }

  /** Ends the connection as soon as no answer would be broken off; a request that is on its way may still arrive. */
  leave(): void {
    this.isLast = true;
    if (this.state !== 'head') return;
    if (this.isHeadDue) this.deadlineMs = this.lane.nowMs + lastRequestMs;
    else this.finish();
  }

  /** The deadline has passed. */
  expire(): void {
    switch (this.state) {
      case 'head':
        if (this.unread === undefined) this.finish();
        else this.finish(bareRefusal(408));
        return;
      case 'sending':
        this.broken('slow');
        return;
      default:
        this.socket.destroy();
    }
  }

  blocked(): void {
    this.enter('sending');
  }

  unblocked(): void {
    this.enter('growing');
  }

  finished(): void {
    this.body = undefined;
    this.answered();
  }

  broken(cause: 'slow' | 'aborted'): void {
    const { counters } = this.lane.delivery;
    if (cause === 'slow') counters.slowReadersDropped++;
    else counters.progressiveAborted++;
    this.socket.destroy();
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.state === 'closing') return;
    const bytes = this.unread === undefined ? chunk : Buffer.concat([this.unread, chunk]);
    this.unread = bytes;
    if (this.state === 'head') this.read();
    else if (bytes.length > maxPipelinedBytes) this.pileUp();
  };

  private readonly onDrain = (): void => {
    if (this.state !== 'sending') return;
    this.enter('sending');
    if (this.body !== undefined) this.body.drained();
    else this.answered();
  };

  private readonly onEnd = (): void => {
    this.hasEnded = true;
    if (this.state === 'head') this.finish();
    // Who closes while it waits has left, as far as can be told.
    else if (this.state === 'held' || this.state === 'growing') this.socket.destroy();
  };

  private readonly onClose = (): void => {
    this.state = 'gone';
    this.held?.cancel();
    this.held = undefined;
    this.body?.stop();
    this.lane.closed(this);
  };

  /** Behind an answer under way requests can wait in the network; behind one that is held, nobody has a reason to send them. */
  private pileUp(): void {
    if (this.state === 'held') {
      this.socket.destroy();
      return;
    }
    this.isPaused = true;
    this.socket.pause();
  }

  private readonly onSettled = (reply: Reply | ProgressiveReply): void => {
    this.held = undefined;
    if (this.state !== 'held') return;
    this.timedSinceMs = this.lane.delivery.counters.times.fast.renew(this.timedSinceMs);
    this.send(reply);
  };

  /** Answers all requests that have come, until one has to be waited for. */
  private read(): void {
    if (this.isAnswering) return;
    this.isAnswering = true;
    while (this.state === 'head' && this.unread !== undefined) {
      if (!this.readOne(this.unread)) break;
    }
    this.isAnswering = false;
    if (this.state === 'head' && this.hasEnded) this.finish();
  }

  /** Whether there was a request. */
  private readOne(bytes: Buffer): boolean {
    const { lane, request } = this;
    const { parser } = lane;
    switch (parser.parse(bytes, 0, request.headers)) {
      case 'incomplete':
        if (!this.isHeadDue) this.deadlineMs = lane.nowMs + lane.deadlines.headMs;
        this.isHeadDue = true;
        return false;
      case 'foreign':
        this.unread = undefined;
        lane.handOver(this, bytes);
        return false;
      case 'target-too-long':
        this.finish(bareRefusal(414));
        return false;
      case 'head-too-large':
        this.finish(bareRefusal(431));
        return false;
      case 'request':
        this.unread = parser.end === bytes.length ? undefined : bytes.subarray(parser.end);
        request.take(parser, this.socket, lane.proxies);
        this.answer();
        return true;
    }
  }

  private answer(): void {
    this.isLast ||= this.request.headers?.isKeepAlive === false;
    const { delivery } = this.lane;
    this.timedSinceMs = delivery.counters.times.fast.begin();
    const answer = delivery.answer(this.request);
    if (answer.kind !== 'pending') {
      this.send(answer);
      return;
    }
    this.held = answer;
    this.enter('held');
    answer.settle(this.onSettled);
    if (this.hasEnded && this.held !== undefined) this.socket.destroy();
  }

  private send(reply: Reply | ProgressiveReply): void {
    const { socket, lane } = this;
    const { counters } = lane.delivery;
    if (reply.kind === 'progressive') {
      this.timedSinceMs = 0;
      this.enter('growing');
      const body = new GrowingBody(socket, lane.budget.pendingBytes, counters, this, lane.delivery.memory);
      this.body = body;
      body.start(lane.prepared.progressiveHead(reply, this.isLast), reply);
      return;
    }
    const prepared = this.isLast ? lane.prepared.last(reply) : lane.prepared.of(reply);
    if (prepared.isWhole) {
      counters.bytesOut += prepared.bodyBytes;
      if (socket.write(prepared.bytes) || socket.writableLength === 0) this.answered();
      else this.enter('sending');
      return;
    }
    const body = new WholeBody(socket, reply.body, this, lane.delivery.memory);
    this.body = body;
    this.enter('sending');
    if (body.start(prepared, counters)) this.finished();
  }

  /** The answer is with the socket: the next request, if there may be one. */
  private answered(): void {
    if (this.state === 'gone' || this.state === 'closing') return;
    this.lane.delivery.counters.times.fast.end(this.timedSinceMs);
    this.enter('head');
    if (this.isLast) this.finish();
    else if (this.unread !== undefined || this.hasEnded) this.read();
  }

  private enter(state: State): void {
    const { nowMs, deadlines, budget } = this.lane;
    this.state = state;
    switch (state) {
      case 'head':
        this.deadlineMs = nowMs + deadlines.idleMs;
        this.isHeadDue = false;
        if (this.isPaused) this.socket.resume();
        this.isPaused = false;
        return;
      case 'sending':
        this.deadlineMs = nowMs + budget.stallMs;
        return;
      default:
        // Whoever waits for media is answered by the waiting room in the end.
        this.deadlineMs = Number.POSITIVE_INFINITY;
    }
  }

  /** Says the last word, and gives the viewer a moment to hear it before the connection is gone. */
  private finish(word?: Buffer): void {
    const { lane, socket } = this;
    this.state = 'closing';
    this.unread = undefined;
    this.deadlineMs = lane.nowMs + (socket.writableLength > 0 ? lane.budget.stallMs : lane.deadlines.lingerMs);
    if (word === undefined) socket.end();
    else socket.end(word);
  }
}

function ignore(): void {}
