import type { RequestListener } from 'node:http';
import type { Server, Socket } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { CertificatePair } from '../../base/certificate-pair.ts';
import type { ConnectionFront, ConnectionHost } from '../fast-lane/connection-front.ts';
import type { SessionTable } from './viewer-session.ts';
import { ViewerSessions } from './viewer-sessions.ts';

export interface SecureListenerOptions {
  readonly certificate: CertificatePair;
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

interface Handshake {
  readonly socket: Socket;
  readonly isWelcome: boolean;
  readonly deadlineMs: number;
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
  private readonly handshakes = new Map<string, Handshake>();
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

  /** For connections that come from now on; those that are there go on as they are. Throws when the pair is unusable. */
  setCertificate({ cert, key }: CertificatePair): void {
    this.tls.setSecureContext({ cert, key });
  }

  open(host: ConnectionHost): void {
    const { next, requestMs, resets } = this.options;
    const { delivery, deadlines, budget } = host;
    const sessions = new ViewerSessions({ delivery, next, deadlines, budget, requestMs, resets });
    this.sessions = sessions;
    this.tls.on('connection', (socket: Socket) => this.begin(socket, host));
    this.tls.on('secureConnection', (socket) => this.secured(socket, host, sessions));
    this.tls.on('tlsClientError', () => {
      this.handshakeFailures++;
    });
  }

  leave(): void {
    this.isLeaving = true;
    for (const { socket } of this.handshakes.values()) socket.destroy();
    this.sessions?.leave();
  }

  destroyAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  sweep(nowMs: number): void {
    this.nowMs = nowMs;
    // A handshake that drips keeps the socket's own timer from running out.
    for (const { socket, deadlineMs } of this.handshakes.values()) if (deadlineMs <= nowMs) socket.destroy();
    this.sessions?.sweep(nowMs);
  }

  /** A connection has come; its handshake begins. */
  private begin(socket: Socket, host: ConnectionHost): void {
    const peer = peerOf(socket);
    const isWelcome = host.count(socket);
    this.sockets.add(socket);
    this.handshakes.set(peer, { socket, isWelcome, deadlineMs: this.nowMs + this.handshakeMs });
    socket.once('close', () => {
      this.sockets.delete(socket);
      if (this.handshakes.get(peer)?.socket === socket) this.handshakes.delete(peer);
    });
  }

  private secured(socket: TLSSocket, host: ConnectionHost, sessions: ViewerSessions): void {
    const peer = peerOf(socket);
    const handshake = this.handshakes.get(peer);
    this.handshakes.delete(peer);
    if (handshake === undefined || this.isLeaving) socket.destroy();
    else if (socket.alpnProtocol === 'h2') sessions.accept(socket, handshake.isWelcome ? undefined : host.refusal());
    else host.serve(socket, handshake.isWelcome);
  }
}

/** Tells connections apart: TLS gives its sockets no way back to the one below. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
