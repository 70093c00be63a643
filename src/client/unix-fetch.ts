import { request as httpRequest } from 'node:http';
import { StreamctlError } from '../base/errors.ts';
import type { ApiFetch } from './api-client.ts';

const answerTimeoutMs = 15_000;

/** Sends requests to the API on a Unix socket. Rejects with CONTROL_NO_SERVER or CONTROL_SOCKET_UNUSABLE. */
export function unixFetch(socketPath: string): ApiFetch {
  return async (request) => {
    const body = Buffer.from(await request.arrayBuffer());
    const { pathname, search } = new URL(request.url);
    return await new Promise<Response>((resolve, reject) => {
      const outgoing = httpRequest({
        socketPath,
        method: request.method,
        path: `${pathname}${search}`,
        headers: { ...Object.fromEntries(request.headers), host: 'localhost', 'content-length': body.length },
        timeout: answerTimeoutMs,
        agent: false,
      });
      outgoing.once('response', async (incoming) => {
        try {
          const chunks: Buffer[] = [];
          for await (const chunk of incoming) chunks.push(chunk as Buffer);
          const headers = { 'content-type': incoming.headers['content-type'] ?? '' };
          resolve(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 502, headers }));
        } catch (error) {
          reject(socketError(error, socketPath));
        }
      });
      outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in time')));
      outgoing.once('error', (error) => reject(socketError(error, socketPath)));
      outgoing.end(body);
    });
  };
}

/** What it means that the control socket at `path` failed. */
export function socketError(cause: unknown, path: string): StreamctlError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return new StreamctlError('CONTROL_NO_SERVER', { path }, { cause });
  return new StreamctlError('CONTROL_SOCKET_UNUSABLE', { path, reason: code ?? message }, { cause });
}
