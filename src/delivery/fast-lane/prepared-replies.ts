import { STATUS_CODES } from 'node:http';
import type { ProgressiveReply, Reply } from '../reply.ts';

/** A reply as it goes over the wire. */
export interface PreparedReply {
  /** The second its Date says. */
  readonly secondMs: number;
  /** The head; with the body behind it, if that is small. */
  readonly bytes: Buffer;
  readonly isWhole: boolean;
  readonly bodyBytes: number;
}

/** Bodies up to this are kept together with their head: one write, for one copy a second however many ask. */
const joinedBytes = 32 * 1024;

/**
 * Makes the bytes of each reply once for all viewers that are given the same object, and anew when the second has changed,
 * because the head carries the time. Bytes that were handed out are never touched again.
 */
export class PreparedReplies {
  private readonly prepared = new WeakMap<Reply, PreparedReply>();
  private readonly keepAlive: string;
  private secondMs = 0;
  private date = '';

  /** What clients are told of how long an idle connection stays. */
  constructor(keepAliveMs: number) {
    this.keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`;
    this.tell(0);
  }

  /** What time it is, for the Date of all replies until the next call. */
  tell(wallMs: number): void {
    this.secondMs = wallMs - (wallMs % 1000);
    this.date = `Date: ${new Date(this.secondMs).toUTCString()}\r\n`;
  }

  of(reply: Reply): PreparedReply {
    const known = this.prepared.get(reply);
    if (known !== undefined && known.secondMs === this.secondMs) return known;
    const made = this.prepare(reply, this.keepAlive);
    // These are made for one request: nobody will ask for the same object again.
    if (reply.class !== 'other' && reply.class !== 'time') this.prepared.set(reply, made);
    return made;
  }

  /** For a connection that ends with this reply. */
  last(reply: Reply): PreparedReply {
    return this.prepare(reply, 'Connection: close\r\n\r\n');
  }

  progressiveHead({ status, headers }: ProgressiveReply, isLast: boolean): Buffer {
    const connection = isLast ? 'Connection: close\r\n\r\n' : this.keepAlive;
    return Buffer.from(`${this.head(status, headers)}Transfer-Encoding: chunked\r\n${connection}`, 'latin1');
  }

  private prepare(reply: Reply, connection: string): PreparedReply {
    const { body } = reply;
    const head = this.head(reply.status, reply.headers) + connection;
    let bodyBytes = 0;
    for (const piece of body) bodyBytes += piece.length;
    const isWhole = bodyBytes <= joinedBytes;
    // Not from the shared pool, whose 8 KB would all stay for one head.
    const bytes = Buffer.allocUnsafeSlow(head.length + (isWhole ? bodyBytes : 0));
    let at = bytes.write(head, 'latin1');
    if (isWhole) {
      for (const piece of body) {
        bytes.set(piece, at);
        at += piece.length;
      }
    }
    return { secondMs: this.secondMs, bytes, isWhole, bodyBytes };
  }

  private head(status: number, headers: readonly string[]): string {
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${this.date}`;
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    return text;
  }
}

/** A refusal that the request itself brought about, as node:http words it; the connection ends with it. */
export function bareRefusal(status: 408 | 414 | 431): Buffer {
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`, 'latin1');
}
