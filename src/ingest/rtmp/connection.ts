import type { Socket } from 'node:net';
import { readInto, readOrdinarily } from './reading.ts';
import { RtmpSession } from './session.ts';
import type { SessionDeps, SessionPeer, SessionWire } from './session-deps.ts';

/** The wire of a session that is a socket. */
class SocketWire implements SessionWire {
  private readonly socket: Socket;
  private readonly maxUnsentBytes: number;

  constructor(socket: Socket, maxUnsentBytes: number) {
    this.socket = socket;
    this.maxUnsentBytes = maxUnsentBytes;
  }

  /** A peer that does not read its answers is not worth their memory. */
  send(bytes: Uint8Array): void {
    if (!this.socket.writable) return;
    this.socket.write(bytes);
    if (this.socket.writableLength > this.maxUnsentBytes) this.socket.destroy();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Reading goes on until the peer closes: unread bytes would turn the close into a reset, and lose the last words. */
  close(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/**
 * Lets a new session talk over an accepted connection, which is still paused. With a `readBuffer`, which all plain
 * connections may share, it is read into that.
 */
export function startSession(
  accepted: Socket,
  readBuffer: Uint8Array | undefined,
  peer: SessionPeer,
  deps: SessionDeps,
  onClosed: (session: RtmpSession) => void,
): RtmpSession {
  const onBytes = (bytes: Uint8Array): void => session.receive(bytes);
  const socket = readBuffer === undefined ? readOrdinarily(accepted, onBytes) : readInto(readBuffer, accepted, onBytes);
  const session = new RtmpSession(deps, peer, new SocketWire(socket, deps.limits.maxUnsentBytes));
  socket.on('error', () => socket.destroy()); // a reset, most often; 'close' follows
  socket.on('close', () => {
    session.closed();
    onClosed(session);
  });
  return session;
}
