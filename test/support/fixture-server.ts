import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

/** Answers a request, or says by `false` that it belongs to somebody else. */
export type Route = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>;

export interface FixtureServer {
  /** Without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mpd': 'application/dash+xml',
  '.m4s': 'video/iso.segment',
  '.mp4': 'video/mp4',
  '.ts': 'video/mp2t',
};

/** Serves the files of a folder below a path prefix, as a plain file server with CORS would. */
export function folderRoute(prefix: string, folder: string): Route {
  return async (_request, response, path) => {
    if (!path.startsWith(prefix)) return false;
    const file = join(folder, normalize(`/${path.slice(prefix.length)}`));
    const body = await readFile(file).catch(() => undefined);
    if (body === undefined) return false;
    response.writeHead(200, {
      'content-type': contentTypes[extname(file)] ?? 'application/octet-stream',
      'content-length': body.length,
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
    });
    response.end(body);
    return true;
  };
}

/** Starts a server on a port of the system's choice; the first route that takes a request answers it, else 404. */
export async function startFixtureServer(...routes: readonly Route[]): Promise<FixtureServer> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://fixture').pathname);
    const answer = async () => {
      for (const route of routes) if (await route(request, response, path)) return;
      response.writeHead(404, { 'access-control-allow-origin': '*' }).end();
    };
    answer().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
