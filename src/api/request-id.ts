import { randomBytes } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../observability/log.ts';
import type { ApiEnv } from './api-env.ts';

/** What callers may name a request: a UUID, a ULID, digits. Without an underscore, so that nobody's key is repeated. */
const callersPattern = /^[A-Za-z0-9.-]{1,64}$/;

/** Names every request, as its caller does (`x-request-id`) or with 16 hexadecimal digits, in the answer and in the log. */
export function requestIds(log: Pick<Log, 'debug'>, clock: Clock): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const said = c.req.header('x-request-id') ?? '';
    const requestId = callersPattern.test(said) ? said : randomBytes(8).toString('hex');
    c.set('requestId', requestId);
    const sinceMs = clock.monotonicMs();
    await next();
    c.res.headers.set('x-request-id', requestId);
    const { method, path } = c.req;
    const durationMs = Math.round(clock.monotonicMs() - sinceMs);
    const fields = { method, path: path.slice(0, 200), status: c.res.status, duration_ms: durationMs };
    log.debug({ request_id: requestId, ...fields }, 'API request');
  };
}
