import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { StreamctlError } from '../base/errors.ts';
import type { PublishUrl } from './publish-url.ts';

/** Opens the connection, with TLS for rtmps://. Throws PUBLISH_UNREACHABLE; rejects with `signal.reason`. */
export function dial(url: PublishUrl, signal: AbortSignal, allowAnyCertificate: boolean): Promise<Socket> {
  const { host, port, isTls } = url;
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = isTls
    ? connectTls({ host, port, ...name, rejectUnauthorized: !allowAnyCertificate })
    : connectTcp({ host, port });
  return new Promise((resolve, reject) => {
    const abort = () => socket.destroy(signal.reason);
    const fail = (cause: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) return reject(signal.reason);
      const details = { address: `${host}:${port}`, reason: cause.code ?? cause.message };
      reject(new StreamctlError('PUBLISH_UNREACHABLE', details, { cause }));
    };
    signal.addEventListener('abort', abort);
    socket.once('error', fail);
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', fail);
      resolve(socket);
    });
    if (signal.aborted) abort();
  });
}
