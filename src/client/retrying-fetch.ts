import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';
import { isStreamctlError } from '../base/errors.ts';
import type { ApiFetch } from './api-client.ts';

export interface RetryTerms {
  /** How often a request is made again. */
  readonly retries: number;
  /** Before the first repetition; twice as long before each that follows. */
  readonly firstDelayMs: number;
  /** A server that asks for a longer wait is told so to the caller instead. */
  readonly maxRetryAfterMs: number;
}

const usualTerms: RetryTerms = { retries: 3, firstDelayMs: 250, maxRetryAfterMs: 10_000 };

/** Answers that pass: a request with the same key is under way, too many, a proxy without its server, a server without its store. */
const passing: ReadonlySet<number> = new Set([409, 429, 502, 503, 504]);

/**
 * Makes requests again that met a network or a server that was away for a moment. A POST gets an Idempotency-Key, so it is done once
 * however often it is sent. What does not pass is answered, or rejected, as it came last.
 */
export function retryingFetch(fetch: ApiFetch, { retries, firstDelayMs, maxRetryAfterMs } = usualTerms): ApiFetch {
  return async (request) => {
    const repeatable = withIdempotencyKey(request);
    try {
      return await pRetry(
        async () => {
          const response = await fetch(repeatable.clone());
          if (!isPassing(response)) return response;
          throw new PassingAnswer(response);
        },
        {
          retries,
          minTimeout: firstDelayMs,
          randomize: true,
          shouldRetry: ({ error }) =>
            error instanceof PassingAnswer ? error.retryAfterMs <= maxRetryAfterMs : isPassingFailure(error),
          onFailedAttempt: async ({ error, retriesLeft }) => {
            const waitMs = error instanceof PassingAnswer ? error.retryAfterMs : 0;
            if (retriesLeft > 0 && waitMs <= maxRetryAfterMs) await delay(waitMs);
          },
        },
      );
    } catch (error) {
      if (error instanceof PassingAnswer) return error.response;
      throw error;
    }
  };
}

class PassingAnswer extends Error {
  readonly response: Response;

  constructor(response: Response) {
    super(`the server answered ${response.status}`);
    this.response = response;
  }

  get retryAfterMs(): number {
    const seconds = Number(this.response.headers.get('retry-after') ?? 0);
    return Number.isFinite(seconds) ? seconds * 1000 : 0;
  }
}

/** A 409 without Retry-After is a conflict, and stays one. */
function isPassing({ status, headers }: Response): boolean {
  return passing.has(status) && (status !== 409 || headers.has('retry-after'));
}

function isPassingFailure(error: unknown): boolean {
  return isStreamctlError(error) && error.code === 'CONTROL_SERVER_UNREACHABLE';
}

function withIdempotencyKey(request: Request): Request {
  if (request.method !== 'POST' || request.headers.has('idempotency-key')) return request;
  const headers = new Headers(request.headers);
  headers.set('idempotency-key', randomUUID());
  return new Request(request, { headers });
}
