import { StreamctlError } from '../base/errors.ts';
import type { ApiFetch } from './api-client.ts';

const answerTimeoutMs = 15_000;

export interface HttpServer {
  /** `https://live.example.org`, also with a path that stands before the API's. */
  readonly url: string;
  /** Of the API. */
  readonly token: string;
}

/** Sends requests to the API of a server elsewhere. Rejects with CONTROL_SERVER_UNREACHABLE or CONTROL_CERTIFICATE_REFUSED. */
export function httpFetch({ url, token }: HttpServer): ApiFetch {
  const base = url.replace(/\/+$/, '');
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method } = request;
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${token}`);
    const body = request.body === null ? null : await request.arrayBuffer();
    const signal = AbortSignal.timeout(answerTimeoutMs);
    try {
      // Not followed: what answers in place of the server would get the token.
      return await fetch(`${base}${pathname}${search}`, { method, headers, body, signal, redirect: 'error' });
    } catch (error) {
      throw unreachable(base, error);
    }
  };
}

/** What it means that a server could not be reached; `error` as fetch() rejects: with its reason as the cause. */
export function unreachable(url: string, error: unknown): StreamctlError {
  const { name, message, cause } = error as Error & { readonly cause?: NodeJS.ErrnoException };
  const code = cause?.code ?? '';
  if (/^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT)/.test(code)) {
    return new StreamctlError('CONTROL_CERTIFICATE_REFUSED', { url, reason: cause?.message ?? code }, { cause: error });
  }
  const reason = name === 'TimeoutError' ? `no answer within ${answerTimeoutMs / 1000} s` : (cause?.message ?? message);
  return new StreamctlError('CONTROL_SERVER_UNREACHABLE', { url, reason: reason || code }, { cause: error });
}
