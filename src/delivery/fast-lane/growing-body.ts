import type { Socket } from 'node:net';
import type { PartHolder } from '../../stream/part-memory.ts';
import type { DeliveryCounters } from '../delivery-counters.ts';
import type { ProgressiveReply, ProgressSink } from '../reply.ts';
import type { OutgoingBody } from './outgoing-body.ts';

/** What a connection has to know of a body that grows. */
export interface GrowingBodyEvents {
  /** The viewer has to take what the socket holds before there is more for it. */
  blocked(): void;
  /** It has taken all there is. */
  unblocked(): void;
  /** All of the body has been handed to the socket. */
  finished(): void;
  /** The viewer fell too far behind, or the body broke off: the connection must go. */
  broken(cause: 'slow' | 'aborted'): void;
}

/** A body in chunked coding (RFC 9112 §7.1): each chunk leaves in one write, or waits as a view on shared bytes. */
export class GrowingBody implements OutgoingBody, ProgressSink {
  private readonly socket: Socket;
  private readonly pendingBytes: number;
  private readonly counters: DeliveryCounters;
  private readonly events: GrowingBodyEvents;
  private readonly memory: PartHolder;
  private readonly queue: Uint8Array[] = [];
  private queuedBytes = 0;
  private isBlocked = false;
  private isEnding = false;
  private isOver = false;
  private stopSource: (() => void) | undefined;

  /** `pendingBytes`: how much may wait. */
  constructor(
    socket: Socket,
    pendingBytes: number,
    counters: DeliveryCounters,
    events: GrowingBodyEvents,
    memory: PartHolder,
  ) {
    this.socket = socket;
    this.memory = memory;
    this.pendingBytes = pendingBytes;
    this.counters = counters;
    this.events = events;
  }

  start(head: Buffer, reply: ProgressiveReply): void {
    this.socket.cork();
    this.socket.write(head);
    const stop = reply.start(this);
    this.socket.uncork();
    if (this.isOver) stop();
    else this.stopSource = stop;
  }

  chunk(bytes: Uint8Array): void {
    if (this.isOver) return;
    this.memory.retain(bytes);
    if (!this.isBlocked) {
      this.write(bytes);
      return;
    }
    this.queue.push(bytes);
    this.queuedBytes += bytes.length;
    if (this.queuedBytes > this.pendingBytes) this.break('slow');
  }

  end(): void {
    this.isEnding = true;
    this.finish();
  }

  abort(): void {
    this.break('aborted');
  }

  drained(): void {
    if (this.isOver) return;
    this.isBlocked = false;
    while (!this.isBlocked && this.queue.length > 0) {
      const bytes = this.queue.shift()!;
      this.queuedBytes -= bytes.length;
      this.write(bytes);
    }
    if (!this.isBlocked) this.events.unblocked();
    this.finish();
  }

  stop(): void {
    this.isOver = true;
    this.dropQueue();
    this.stopSource?.();
  }

  private dropQueue(): void {
    for (const bytes of this.queue.splice(0)) this.memory.release(bytes);
  }

  private write(bytes: Uint8Array): void {
    const { socket } = this;
    this.counters.bytesOut += bytes.length;
    socket.cork();
    socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    socket.write(bytes, () => this.memory.release(bytes));
    socket.write('\r\n', 'latin1');
    socket.uncork();
    if (!socket.writableNeedDrain || socket.writableLength === 0) return;
    this.isBlocked = true;
    this.events.blocked();
  }

  private finish(): void {
    if (!this.isEnding || this.isOver || this.queue.length > 0) return;
    this.isOver = true;
    this.socket.write('0\r\n\r\n', 'latin1');
    this.events.finished();
  }

  private break(cause: 'slow' | 'aborted'): void {
    if (this.isOver) return;
    this.isOver = true;
    this.dropQueue();
    this.stopSource?.();
    this.events.broken(cause);
  }
}
