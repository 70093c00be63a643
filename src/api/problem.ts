import { isStreamctlError, StreamctlError } from '../base/errors.ts';
import type { ProblemView } from '../contract/api.ts';

/** An error as RFC 9457 has it. What is no StreamctlError tells the caller nothing but that it happened. */
export function problemOf(error: unknown): ProblemView {
  const known = isStreamctlError(error) ? error : new StreamctlError('API_INTERNAL', {}, { cause: error });
  return {
    type: 'about:blank',
    title: known.code.toLowerCase().replaceAll('_', ' '),
    status: known.httpStatus,
    code: known.code,
    detail: known.message,
    remedy: known.remedy,
  };
}

export function problemResponse(error: unknown): Response {
  const problem = problemOf(error);
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  if (problem.status === 503) headers.set('retry-after', '2');
  return new Response(`${JSON.stringify(problem)}\n`, { status: problem.status, headers });
}
