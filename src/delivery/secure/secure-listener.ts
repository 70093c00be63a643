import type { RequestListener } from 'node:http';
import type { Server, Socket } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { CertificatePair } from '../../base/certificate-pair.ts';
import { TlsHandshakes } from '../../base/tls-handshakes.ts';
import type { ConnectionFront, ConnectionHost } from '../fast-lane/connection-front.ts';
import { newTicketKeys } from './ticket-keys.ts';
import type { SessionTable } from './viewer-session.ts';
import { ViewerSessions } from './viewer-sessions.ts';

export interface SecureListenerOptions {
  readonly certificate: CertificatePair;
  /** Shared with the listeners whose sessions can be resumed here; by default its own. */
  readonly ticketKeys?: Uint8Array | undefined;
  /** Answers over HTTP/2 what is not for playback. */
  readonly next: RequestListener;
  /** For the TLS handshake, ms. */
  readonly handshakeMs?: number;
  /** For receiving a request over HTTP/2 with its body, ms. */
  readonly requestMs?: number;
  /** Streams that may break off at once in a session, and how many more a second, before it is ended. */
  readonly resets?: SessionTable['resets'];
}

export interface SecureListenerStats {
  /** Connections whose TLS handshake goes on now. */
  readonly handshaking: number;
  /** Open now: connections that speak HTTP/2, and requests on them. */
  readonly sessions: number;
  readonly streams: number;
  /** Since the start: handshakes that failed or took too long. */
  readonly handshakeFailures: number;
  /** Since the start: sessions ended because of their resets. */
  readonly resetFloods: number;
}

/**
 * TLS in front of a playback server: what agrees on HTTP/2 (ALPN, RFC 7301) is answered here, everything else by the
 * playback server's own HTTP/1.1.
 */
export class SecureListener implements ConnectionFront {
  readonly server: Server;
  private readonly tls: TlsServer;
  private readonly options: SecureListenerOptions;
  private readonly handshakeMs: number;
  /** With whether there is room for the connection. */
  private readonly handshakes = new TlsHandshakes<boolean>();
  private readonly sockets = new Set<Socket>();
  private sessions: ViewerSessions | undefined;
  private nowMs = 0;
  private handshakeFailures = 0;
  private isLeaving = false;

  constructor(options: SecureListenerOptions) {
    this.options = options;
    this.handshakeMs = options.handshakeMs ?? 10_000;
    this.tls = createServer({
      ...options.certificate,
      ticketKeys: Buffer.from(options.ticketKeys ?? newTicketKeys()),
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: this.handshakeMs,
      allowHalfOpen: true,
      noDelay: true,
    });
    this.server = this.tls;
  }

  stats(): SecureListenerStats {
    const { handshakes, sessions, handshakeFailures } = this;
    return {
      handshaking: handshakes.size,
      sessions: sessions?.size ?? 0,
      streams: sessions?.openStreams ?? 0,
      handshakeFailures,
      resetFloods: sessions?.floods ?? 0,
    };
  }

  /** For connections that come from now on; those that are there go on as they are, and can be resumed. Throws when the pair is unusable. */
  setCertificate({ cert, key }: CertificatePair): void {
    this.tls.setSecureContext({ cert, key });
  }

  open(host: ConnectionHost): void {
    const { next, requestMs, resets } = this.options;
    const { delivery, deadlines, budget, proxies } = host;
    const sessions = new ViewerSessions({ delivery, next, deadlines, budget, proxies, requestMs, resets });
    this.sessions = sessions;
    this.tls.on('connection', (socket: Socket) => this.begin(socket, host));
    this.tls.on('secureConnection', (socket) => this.secured(socket, host, sessions));
    this.tls.on('tlsClientError', () => {
      this.handshakeFailures++;
    });
  }

  leave(): void {
    this.isLeaving = true;
    this.handshakes.destroyAll();
    this.sessions?.leave();
  }

  destroyAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  sweep(nowMs: number): void {
    this.nowMs = nowMs;
    this.handshakes.expire(nowMs);
    this.sessions?.sweep(nowMs);
  }

  /** A connection has come; its handshake begins. */
  private begin(socket: Socket, host: ConnectionHost): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    this.handshakes.begin(socket, this.nowMs + this.handshakeMs, host.count(socket));
  }

  private secured(socket: TLSSocket, host: ConnectionHost, sessions: ViewerSessions): void {
    const isWelcome = this.handshakes.finish(socket);
    if (isWelcome === undefined || this.isLeaving) socket.destroy();
    else if (socket.alpnProtocol === 'h2') sessions.accept(socket, isWelcome ? undefined : host.refusal());
    else host.serve(socket, isWelcome);
  }
}
