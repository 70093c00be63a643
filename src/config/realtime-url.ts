import * as z from 'zod';
import { parseRedisServer, type RedisServerTarget } from './redis-url.ts';

/** What several nodes share. */
export type RealtimeTarget =
  /** Nothing: there is one node, or each knows of itself. */
  { readonly kind: 'memory' } | ({ readonly kind: 'redis' } & RedisServerTarget);

const wanted = 'memory:, or redis://[USER:PASSWORD@]HOST:PORT/DB (rediss:// for TLS)';

/** `realtime.url`, taken apart. */
export function realtimeTarget() {
  return z.string({ error: wanted }).transform((url, context): RealtimeTarget => {
    if (url === 'memory:') return { kind: 'memory' };
    const server = /[?#]/.test(url) ? undefined : parseRedisServer(url);
    if (server !== undefined) return { kind: 'redis', ...server };
    context.issues.push({ code: 'custom', message: wanted, input: url });
    return z.NEVER;
  });
}
