import { createServer, type Server, type ServerOpts } from 'node:net';

/** Where a server listens. */
export interface ListenOptions {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly backlog: number;
  /** Other sockets of this user may listen on the port as well. */
  readonly reusePort?: boolean;
  /** Sockets that listen already, to be used instead: from here on they are ours to close. */
  readonly descriptors?: readonly number[] | undefined;
}

/**
 * Has `server` listen, on all descriptors where there are some. Node's servers have one socket each: the others are accepted from
 * by servers made with `accepting`, and their connections are `server`'s too. Gives all of them, `server` first, for
 * `stopListening`. Rejects with the system's error, and then listens nowhere.
 */
export async function listenOn(server: Server, options: ListenOptions, accepting: ServerOpts): Promise<Server[]> {
  const { host, port, backlog, reusePort = false, descriptors = [] } = options;
  if (descriptors.length === 0) {
    await listening(server, { host, port, backlog, reusePort });
    return [server];
  }
  const servers: Server[] = [];
  try {
    for (const fd of descriptors) {
      const one =
        servers.length === 0 ? server : createServer(accepting, (socket) => server.emit('connection', socket));
      one.maxConnections = server.maxConnections;
      await listening(one, { fd, backlog });
      servers.push(one);
    }
  } catch (error) {
    for (const one of servers) one.close();
    throw error;
  }
  return servers;
}

/** Takes no more connections; resolves when those there are have ended. */
export async function stopListening(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
}

async function listening(server: Server, options: object): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
