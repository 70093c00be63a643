import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { StreamctlError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';

/** What fits into sockaddr_un.sun_path with its final zero. */
export const maxSocketPathBytes = 107;

export interface ControlSocketOptions {
  readonly path: string;
  readonly fetch: (request: Request) => Response | Promise<Response>;
}

/** The API on a Unix socket that only its owner may open: file permissions are the login. */
export class ControlSocket implements Service {
  private readonly options: ControlSocketOptions;
  private server: Server | undefined;

  constructor(options: ControlSocketOptions) {
    this.options = options;
  }

  /** Throws CONTROL_SOCKET_PATH_TOO_LONG, CONTROL_SOCKET_IN_USE or CONTROL_SOCKET_UNUSABLE. */
  async start(): Promise<void> {
    const { path, fetch } = this.options;
    const lengthBytes = Buffer.byteLength(path);
    if (lengthBytes > maxSocketPathBytes)
      throw new StreamctlError('CONTROL_SOCKET_PATH_TOO_LONG', { path, lengthBytes });
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (await isAnswering(path)) throw new StreamctlError('CONTROL_SOCKET_IN_USE', { path });
    rmSync(path, { force: true });
    const server = createServer({ headersTimeout: 10_000, requestTimeout: 15_000 }, getRequestListener(fetch));
    await listen(server, path);
    this.server = server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 1000).unref();
    });
  }
}

/** Whether a server listens there; a socket without one was left by a process that was killed. */
async function isAnswering(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new StreamctlError('CONTROL_SOCKET_UNUSABLE', { path, reason: cause.code ?? cause.message }, { cause }));
    });
    // The socket is made inside listen(), so there is no moment in which others could open it.
    const umask = process.umask(0o177);
    try {
      server.listen(path, resolve);
    } finally {
      process.umask(umask);
    }
  });
  chmodSync(path, 0o600);
}
