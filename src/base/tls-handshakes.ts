import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

interface Handshake<T> {
  readonly socket: Socket;
  readonly deadlineMs: number;
  readonly about: T;
}

/**
 * The TLS handshakes of a server that are under way, each with what was decided about its connection. Node's own `handshakeTimeout`
 * begins anew with every byte, so that a peer that drips would stay; here the time runs out.
 */
export class TlsHandshakes<T> {
  private readonly byPeer = new Map<string, Handshake<T>>();

  get size(): number {
    return this.byPeer.size;
  }

  /** For each socket of the server's 'connection' event. `deadlineMs` is on the clock that `expire` is told. */
  begin(socket: Socket, deadlineMs: number, about: T): void {
    const peer = peerOf(socket);
    this.byPeer.set(peer, { socket, deadlineMs, about });
    socket.once('close', () => {
      if (this.byPeer.get(peer)?.socket === socket) this.byPeer.delete(peer);
    });
  }

  /** For each socket of the 'secureConnection' event: what was said at the beginning, or nothing if it has closed already. */
  finish(socket: TLSSocket): T | undefined {
    const peer = peerOf(socket);
    const handshake = this.byPeer.get(peer);
    this.byPeer.delete(peer);
    return socket.destroyed ? undefined : handshake?.about;
  }

  expire(nowMs: number): void {
    for (const { socket, deadlineMs } of this.byPeer.values()) if (deadlineMs <= nowMs) socket.destroy();
  }

  destroyAll(): void {
    this.expire(Number.POSITIVE_INFINITY);
  }
}

/** Tells connections apart: TLS gives its sockets no way back to the one below. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
