import { isStreamctlError, StreamctlError } from '../base/errors.ts';
import type { ProblemView } from '../contract/problem.ts';

/** When to come back after what passes by itself, unless the error says. */
const usualRetryAfterSeconds = 2;

/** An error as RFC 9457 has it. What is no StreamctlError tells the caller nothing but that it happened. */
export function problemOf(error: unknown): ProblemView {
  const known = asStreamctlError(error);
  return {
    type: 'about:blank',
    title: known.code.toLowerCase().replaceAll('_', ' '),
    status: known.httpStatus,
    code: known.code,
    detail: known.message,
    remedy: known.remedy,
  };
}

/** `requestId`: of the request that met it, for who looks for it in the log. */
export function problemResponse(error: unknown, requestId?: string): Response {
  const known = asStreamctlError(error);
  const problem = { ...problemOf(known), ...(requestId !== undefined && { request_id: requestId }) };
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  const { retryAfterSeconds } = known.details as { readonly retryAfterSeconds?: number };
  if (retryAfterSeconds !== undefined) headers.set('retry-after', String(retryAfterSeconds));
  else if (problem.status === 503) headers.set('retry-after', String(usualRetryAfterSeconds));
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer');
  return new Response(`${JSON.stringify(problem)}\n`, { status: problem.status, headers });
}

function asStreamctlError(error: unknown): StreamctlError {
  return isStreamctlError(error) ? error : new StreamctlError('API_INTERNAL', {}, { cause: error });
}
