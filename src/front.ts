import type { IncomingMessage, ServerResponse } from 'node:http';
import { StreamctlError } from './base/errors.ts';
import type { Log } from './observability/log.ts';
import type { WebPages, WebResponse } from './web/web-pages.ts';

export interface FrontOptions {
  readonly pages: WebPages;
  /** Whether the node can take viewers and publishers now. */
  readonly isReady: () => boolean;
  readonly log: Log;
}

/** What the HTTP port answers besides playback: the pages and the probes. Everything else is not there. */
export function frontListener(options: FrontOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(options, request).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        options.log.error({ err: error, path: pathOf(request) }, 'page failed');
        send(response, text(500, 'Internal error; the log says more.\n'));
      },
    );
  };
}

async function answer({ pages, isReady }: FrontOptions, request: IncomingMessage): Promise<WebResponse> {
  const { method = 'GET', headers } = request;
  const path = pathOf(request);
  if (path === '/healthz') return text(200, 'ok\n');
  if (path === '/readyz') return isReady() ? text(200, 'ready\n') : text(503, 'starting or stopping\n');
  return (await pages({ method, path, headers })) ?? notFound(path);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0]!;
}

function text(status: number, body: string): WebResponse {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    body: Buffer.from(body),
  };
}

function notFound(path: string): WebResponse {
  const error = new StreamctlError('API_NOT_FOUND', { path: path.slice(0, 100) });
  const { code, message: detail, remedy } = error;
  return {
    status: 404,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    body: Buffer.from(JSON.stringify({ type: 'about:blank', title: 'Not Found', status: 404, code, detail, remedy })),
  };
}

function send(response: ServerResponse, { status, headers, body }: WebResponse): void {
  response.writeHead(status, headers);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
