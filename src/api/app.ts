import { type Context, Hono } from 'hono';
import type { StreamKeys } from '../access/stream-keys.ts';
import type { Clock } from '../base/clock.ts';
import { isStreamctlError, StreamctlError } from '../base/errors.ts';
import type { PublicUrls } from '../contract/public-urls.ts';
import type { Log } from '../observability/log.ts';
import type { Store } from '../store/ports/store.ts';
import { addKeyRoutes } from './key-routes.ts';
import type { LiveControl } from './live-control.ts';
import { addMetricsRoutes, type MetricsText } from './metrics-routes.ts';
import { problemResponse } from './problem.ts';
import { addStatusRoutes } from './status-routes.ts';
import { addStreamRoutes } from './stream-routes.ts';

export interface ApiOptions {
  readonly keys: StreamKeys;
  readonly store: Store;
  readonly live: LiveControl;
  readonly urls: PublicUrls;
  readonly clock: Clock;
  readonly version: string;
  readonly node: string;
  readonly startedAtMs: number;
  /** Absent where no server runs. */
  readonly metrics?: MetricsText;
  readonly log: Pick<Log, 'error'>;
}

/** The management API, without any notion of who asks: whoever mounts it decides that first. No CORS headers, ever. */
export function createApi(options: ApiOptions): Hono {
  const api = new Hono();
  addKeyRoutes(api, options);
  addStreamRoutes(api, options);
  addStatusRoutes(api, options);
  if (options.metrics !== undefined) addMetricsRoutes(api, options.metrics);
  api.notFound((c) => problemResponse(new StreamctlError('API_NOT_FOUND', { path: c.req.path.slice(0, 100) })));
  api.onError((error: Error, c: Context) => {
    if (!isStreamctlError(error)) options.log.error({ err: error, path: c.req.path }, 'request failed unexpectedly');
    return problemResponse(error);
  });
  return api;
}
