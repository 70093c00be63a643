import type { RequestListener, ServerResponse } from 'node:http';
import { StreamctlError } from '../base/errors.ts';
import type { LaneTimes } from '../delivery/request-times.ts';
import type { Log } from '../observability/log.ts';
import type { WebPages, WebResponse } from '../web/web-pages.ts';
import type { ControlLink } from './control-link.ts';
import { belongsToControl, pathOf } from './control-paths.ts';
import { type Readiness, readinessAnswers } from './readiness.ts';
import { sendProblem } from './send-problem.ts';

export interface FrontOptions {
  readonly pages: WebPages;
  /** Whether the node can take viewers and publishers now. */
  readonly readiness: () => Readiness;
  /** Where management, analytics and WebSockets are answered. */
  readonly control?: ControlLink | undefined;
  readonly times: Pick<LaneTimes, 'page' | 'management'>;
  readonly log: Log;
}

/** What the HTTP port answers besides playback: the probes, the pages, and what control says. Everything else is not there. */
export function frontListener({ pages, readiness, control, times, log }: FrontOptions): RequestListener {
  return (request, response) => {
    const path = pathOf(request);
    const isForControl = control !== undefined && belongsToControl(path);
    (isForControl ? times.management : times.page).follow(response);
    if (path === '/healthz') return send(response, text(200, 'ok\n'));
    if (path === '/readyz') {
      const { status, body } = readinessAnswers[readiness()];
      return send(response, text(status, body));
    }
    const { method = 'GET', headers } = request;
    const page = pages({ method, path, headers });
    if (page === undefined) {
      if (isForControl) control.pass(request, response);
      else sendProblem(response, new StreamctlError('API_NOT_FOUND', { path: path.slice(0, 100) }));
      return;
    }
    page.then(
      (reply) => send(response, reply),
      (error: unknown) => {
        log.error({ err: error, path }, 'page failed');
        send(response, text(500, 'Internal error; the log says more.\n'));
      },
    );
  };
}

function text(status: number, body: string): WebResponse {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    body: Buffer.from(body),
  };
}

function send(response: ServerResponse, { status, headers, body }: WebResponse): void {
  response.writeHead(status, headers);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
