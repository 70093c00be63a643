import { Socket, type SocketConstructorOpts } from 'node:net';

/** How much one read may take. */
const readBytes = 65_536;

/** The buffer all plain connections of a server read into: each read is used up before the next one begins. */
export function newReadBuffer(): Uint8Array {
  return new Uint8Array(readBytes);
}

/** A buffer for every read: what TLS needs. */
export function readOrdinarily(accepted: Socket, onBytes: (bytes: Uint8Array) => void): Socket {
  // As plain bytes: what looks like a copy, `slice`, is a view with a Buffer.
  accepted.on('data', (bytes: Buffer) => onBytes(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)));
  accepted.resume();
  return accepted;
}

/**
 * Goes on with an accepted, still paused connection as a socket that reads into `buffer`, and calls `onBytes` with a view of it
 * that is valid only during the call. The ordinary way makes a buffer for every read; making and collecting
 * them is a fifth of all the work of receiving a stream.
 *
 * Node offers `onread` for outgoing connections only. For an accepted one the handle changes hands, by the names under
 * which Node keeps it; where they are not found, the connection is read the ordinary way.
 */
export function readInto(buffer: Uint8Array, accepted: Socket, onBytes: (bytes: Uint8Array) => void): Socket {
  const owner = accepted as Socket & { _handle?: { readStart?: unknown } | null };
  const handle = owner._handle;
  if (typeof handle?.readStart !== 'function') return readOrdinarily(accepted, onBytes);
  owner._handle = null;
  const callback = (sizeBytes: number): boolean => {
    onBytes(buffer.subarray(0, sizeBytes));
    return true;
  };
  const socket = new Socket({ handle, onread: { buffer, callback } } as unknown as SocketConstructorOpts);
  socket.on('close', () => accepted.destroy()); // the listener counts the accepted one
  return socket;
}
