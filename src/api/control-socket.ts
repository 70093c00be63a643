import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { StreamctlError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';

/** What fits into sockaddr_un.sun_path with its final zero. */
export const maxSocketPathBytes = 107;

/** Delivery threads give up idle connections long before `keepAliveTimeout`: no request of theirs meets one that closes. */
const serverOptions: ServerOptions = { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 75_000 };

export interface ControlSocketOptions {
  readonly path: string;
  /** `incoming`: the request as node:http has it. */
  readonly fetch: (request: Request, incoming: IncomingMessage) => Response | Promise<Response>;
  /** Takes connections that are to become WebSockets; without it they are requests like others. */
  readonly upgrade?: ((incoming: IncomingMessage, socket: Socket, head: Buffer) => void) | undefined;
}

/** What answers that are under way get at the end, ms. */
const graceMs = 1000;

/** The API on a Unix socket that only its owner may open. */
export class ControlSocket implements Service {
  private readonly options: ControlSocketOptions;
  private readonly upgraded = new Set<Socket>();
  private server: Server | undefined;

  constructor(options: ControlSocketOptions) {
    this.options = options;
  }

  /** Throws CONTROL_SOCKET_PATH_TOO_LONG, CONTROL_SOCKET_IN_USE or CONTROL_SOCKET_UNUSABLE. */
  async start(): Promise<void> {
    const { path, fetch, upgrade } = this.options;
    const lengthBytes = Buffer.byteLength(path);
    if (lengthBytes > maxSocketPathBytes)
      throw new StreamctlError('CONTROL_SOCKET_PATH_TOO_LONG', { path, lengthBytes });
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (await isAnswering(path)) throw new StreamctlError('CONTROL_SOCKET_IN_USE', { path });
    rmSync(path, { force: true });
    const listener = getRequestListener((request, { incoming }) => fetch(request, incoming as IncomingMessage));
    const server = createServer(serverOptions, listener);
    if (upgrade !== undefined) {
      server.on('upgrade', (incoming, socket: Socket, head) => {
        this.upgraded.add(socket);
        socket.once('close', () => this.upgraded.delete(socket));
        upgrade(incoming, socket, head);
      });
    }
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
      const endAll = () => {
        server.closeAllConnections();
        for (const socket of this.upgraded) socket.destroy();
      };
      setTimeout(endAll, graceMs).unref();
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
