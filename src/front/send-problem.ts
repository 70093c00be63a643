import type { ServerResponse } from 'node:http';
import { problemOf } from '../api/problem.ts';
import type { StreamctlError } from '../base/errors.ts';

/** Answers with an error as RFC 9457 has it, for this client and this moment only. */
export function sendProblem(response: ServerResponse, error: StreamctlError): void {
  const problem = problemOf(error);
  const body = Buffer.from(`${JSON.stringify(problem)}\n`);
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(problem.status === 503 && { 'retry-after': '2' }),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
