import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { clientAddress, type TrustedProxies } from '../../base/client-address.ts';
import { cmcdHeaders } from '../../cmcd/request-parts.ts';
import type { ConnectionDeadlines } from '../fast-lane/lane.ts';
import { isPlaybackPath } from '../playback-path.ts';
import type { PlaybackRequest, Reply } from '../reply.ts';
import { edgeHeader } from '../reply-headers.ts';
import { viewerName } from '../viewer-events/event-writer.ts';
import { ForeignStream } from './foreign-stream.ts';
import { maxFlyingBytes, sessionOptions } from './session-limits.ts';
import { type StreamLane, type StreamOwner, ViewerStream } from './viewer-stream.ts';

/** What all sessions of a thread share. */
export interface SessionTable extends StreamLane {
  readonly deadlines: ConnectionDeadlines;
  readonly proxies: TrustedProxies;
  /** For receiving a request with its body, ms. */
  readonly requestMs: number;
  /** Streams that may break off at once in a session, and how many more a second. */
  readonly resets: { readonly burst: number; readonly perSecond: number };
  /** Answers what is not for playback. */
  foreign(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: readonly string[]): void;
  /** Streams were reset so often that the session was ended for it. */
  tooManyResets(): void;
  closed(session: ViewerSession): void;
}

/** One viewer's connection that speaks HTTP/2. */
export class ViewerSession implements StreamOwner {
  readonly socket: TLSSocket;
  progress = 0;
  private readonly session: ServerHttp2Session;
  private readonly table: SessionTable;
  /** What everyone is told for whom there is no room. */
  private readonly refusal: Reply | undefined;
  private readonly streams = new Set<ViewerStream>();
  /** Streams whose bytes wait for others' to be taken. */
  private readonly waiting = new Set<ViewerStream>();
  private flyingBytes = 0;
  private readonly foreign = new Set<ForeignStream>();
  private readonly address: string;
  private readonly isBehindProxy: boolean;
  private readonly connection: number;
  private viewer: { readonly userAgent: string | undefined; readonly name: string } | undefined;
  /** When a session without streams goes, monotonic ms. */
  private deadlineMs: number;
  private resetsLeft: number;
  private resetsCountedMs: number;

  constructor(socket: TLSSocket, table: SessionTable, refusal: Reply | undefined) {
    const { nowMs, deadlines, resets } = table;
    this.socket = socket;
    this.table = table;
    this.refusal = refusal;
    this.address = socket.remoteAddress ?? '';
    this.isBehindProxy = this.address !== '' && table.proxies.has(this.address);
    this.connection = table.delivery.newConnection();
    this.deadlineMs = nowMs + deadlines.headMs;
    this.resetsLeft = resets.burst;
    this.resetsCountedMs = nowMs;
    this.session = performServerHandshake(socket, sessionOptions(resets));
    this.session.on('error', ignore);
    this.session.on('stream', this.onStream);
    this.session.once('remoteSettings', () => {
      this.deadlineMs = table.nowMs + deadlines.idleMs;
    });
    // The socket may stay half open for HTTP/1.1; who closes here has left.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => table.closed(this));
  }

  get openStreams(): number {
    return this.streams.size + this.foreign.size;
  }

  /** Says goodbye (GOAWAY), and ends when the answers under way have gone. */
  leave(): void {
    this.session.close();
    if (this.openStreams === 0) this.deadlineMs = this.table.nowMs + this.table.deadlines.lingerMs;
  }

  progressed(): void {
    this.progress++;
  }

  hasRoom(stream: ViewerStream): boolean {
    if (this.flyingBytes < maxFlyingBytes) return true;
    this.waiting.add(stream);
    return false;
  }

  flies(bytes: number): void {
    this.flyingBytes += bytes;
    if (bytes > 0) return;
    for (const stream of this.waiting) {
      if (this.flyingBytes >= maxFlyingBytes) return;
      this.waiting.delete(stream);
      stream.flush();
    }
  }

  closed(stream: ViewerStream, isBroken: boolean): void {
    this.streams.delete(stream);
    this.waiting.delete(stream);
    this.progressed();
    if (isBroken) this.countReset();
    this.rest();
  }

  /** Looks at all deadlines of the session and its streams. */
  sweep(nowMs: number): void {
    if (this.openStreams === 0) {
      if (this.deadlineMs <= nowMs) this.expire();
      return;
    }
    for (const foreign of this.foreign) foreign.sweep(nowMs);
    let takesNothing = false;
    for (const stream of this.streams) if (stream.deadlineMs <= nowMs) takesNothing = stream.expire() || takesNothing;
    // Not only one answer that a player leaves lying: it would not hear that this is over either.
    if (takesNothing) this.socket.destroy();
  }

  private expire(): void {
    if (this.session.closed || this.session.destroyed) this.socket.destroy();
    else this.leave();
  }

  private readonly onStream = (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    rawHeaders: readonly string[],
  ): void => {
    if (stream.destroyed || stream.closed) {
      // Asked for and cancelled in one breath.
      stream.on('error', ignore);
      this.countReset();
      return;
    }
    const target = headers[':path'] ?? '';
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    if (this.refusal === undefined && !isPlaybackPath(path)) {
      this.passOn(stream, headers, flags, rawHeaders);
      return;
    }
    const viewerStream = new ViewerStream(stream, this.table, this);
    this.streams.add(viewerStream);
    if (this.refusal === undefined) {
      const request = this.request(headers, path, mark < 0 ? '' : target.slice(mark + 1));
      if (request.method === 'POST') viewerStream.take(request);
      else viewerStream.answer(request);
    } else {
      viewerStream.send(headers[':method'] === 'HEAD' ? { ...this.refusal, body: [] } : this.refusal);
      this.leave();
    }
  };

  private passOn(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    rawHeaders: readonly string[],
  ): void {
    const { table } = this;
    const deadlines = { requestMs: table.requestMs, stallMs: table.budget.stallMs };
    const foreign = new ForeignStream(stream, table.nowMs, deadlines, () => {
      this.foreign.delete(foreign);
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) this.countReset();
      this.rest();
    });
    this.foreign.add(foreign);
    table.foreign(stream, headers, flags, rawHeaders);
  }

  private request(headers: IncomingHttpHeaders, path: string, query: string): PlaybackRequest {
    const userAgent = headers['user-agent'];
    if (this.viewer === undefined || this.viewer.userAgent !== userAgent || this.isBehindProxy) {
      const address = clientAddress(this.address, headers, this.table.proxies);
      this.viewer = { userAgent, name: viewerName(address, userAgent ?? '') };
    }
    return {
      method: headers[':method'] ?? '',
      path,
      query,
      range: single(headers.range),
      ifRange: single(headers['if-range']),
      ifNoneMatch: single(headers['if-none-match']),
      ifModifiedSince: single(headers['if-modified-since']),
      acceptEncoding: single(headers['accept-encoding']),
      edgeSecret: single(headers[edgeHeader]),
      viewer: this.viewer.name,
      connection: this.connection,
      isBehindProxy: this.isBehindProxy,
      cmcd: cmcdOf(headers),
    };
  }

  /** Without a stream, the time runs until the next. */
  private rest(): void {
    if (this.openStreams > 0) return;
    const { nowMs, deadlines } = this.table;
    this.deadlineMs = nowMs + (this.session.closed ? deadlines.lingerMs : deadlines.idleMs);
  }

  /**
   * Asking and cancelling costs an attacker nothing and us an answer each time (CVE-2023-44487), and so does making us cancel
   * (CVE-2025-8671). Players cancel a few times a minute.
   */
  private countReset(): void {
    const { nowMs, resets, deadlines } = this.table;
    const gained = ((nowMs - this.resetsCountedMs) * resets.perSecond) / 1000;
    this.resetsCountedMs = nowMs;
    this.resetsLeft = Math.min(resets.burst, this.resetsLeft + gained) - 1;
    if (this.resetsLeft >= 0 || this.session.destroyed) return;
    this.table.tooManyResets();
    this.session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.deadlineMs = nowMs + deadlines.lingerMs;
  }
}

function cmcdOf(headers: IncomingHttpHeaders): string | undefined {
  const values = cmcdHeaders.flatMap((name) => headers[name] ?? []);
  return values.length === 0 ? undefined : values.join(',');
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join(', ');
}

function ignore(): void {}
