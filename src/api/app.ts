import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ApiTokens } from '../access/api-tokens.ts';
import type { Pepper } from '../access/pepper.ts';
import type { SignLink } from '../access/playback-access.ts';
import type { StreamKeys } from '../access/stream-keys.ts';
import type { LiveAudience } from '../analytics/ports.ts';
import type { Clock } from '../base/clock.ts';
import { isStreamctlError, StreamctlError } from '../base/errors.ts';
import type { PublicUrls } from '../contract/public-urls.ts';
import type { OutgoingEvents } from '../events/outgoing-events.ts';
import type { Log } from '../observability/log.ts';
import type { Store } from '../store/ports/store.ts';
import { admission, type Identify } from './admission.ts';
import type { Api, ApiEnv } from './api-env.ts';
import { addEventRoutes } from './event-routes.ts';
import { idempotency } from './idempotency.ts';
import { inputInvalid } from './input.ts';
import { addKeyRoutes } from './key-routes.ts';
import { addLinkRoutes } from './link-routes.ts';
import type { LiveControl } from './live-control.ts';
import { addMetricsRoutes, type MetricsText } from './metrics-routes.ts';
import { addOpenApiRoutes } from './openapi-routes.ts';
import { problemResponse } from './problem.ts';
import { RateLimit } from './rate-limit.ts';
import { addReceiverRoutes } from './receiver-routes.ts';
import { requestIds } from './request-id.ts';
import { addSessionRoutes, type SessionsOf } from './session-routes.ts';
import { addStatusRoutes } from './status-routes.ts';
import { addStreamMetricsRoutes, type HistoryOf, type LiveFigures } from './stream-metrics-routes.ts';
import { addStreamRoutes } from './stream-routes.ts';
import { addTicketRoutes, type IssueTicket } from './ticket-routes.ts';
import { addTokenRoutes } from './token-routes.ts';

export interface ApiOptions {
  /** Who makes a request. */
  readonly identify: Identify;
  readonly keys: StreamKeys;
  readonly tokens: ApiTokens;
  readonly store: Store;
  readonly pepper: Pepper;
  /** Absent where no server runs. */
  readonly outgoing?: Pick<OutgoingEvents, 'status' | 'replay'> | undefined;
  readonly live: LiveControl;
  /** Absent where no server runs. */
  readonly audience?: LiveAudience | undefined;
  /** Absent: the store keeps the sessions of viewers. */
  readonly sessionsOf?: SessionsOf | undefined;
  /** Absent: the store keeps the sessions of viewers. */
  readonly historyOf?: HistoryOf | undefined;
  /** Absent where no server runs. */
  readonly figures?: LiveFigures | undefined;
  /** Absent where no server runs. */
  readonly issueTicket?: IssueTicket | undefined;
  readonly urls: PublicUrls;
  /** Makes the token of a link. */
  readonly signLink: SignLink;
  readonly clock: Clock;
  readonly version: string;
  readonly node: string;
  /** `rtmp.pending_timeout`. */
  readonly pendingTimeoutMs: number;
  /** `auth.open_publish`. */
  readonly isPublishOpen: boolean;
  /** `metrics.public`. */
  readonly isMetricsPublic: boolean;
  /** Whether other nodes may run what is in the store. */
  readonly isStoreShared: boolean;
  readonly startedAtMs: number;
  /** Absent where no server runs. */
  readonly metrics?: MetricsText;
  readonly log: Pick<Log, 'error' | 'debug'>;
}

/** The management API: every operation declares who may use it, and nobody else can. */
export function createApi(options: ApiOptions): Api {
  const api = new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw inputInvalid(result.error);
    },
  });
  api.use(requestIds(options.log, options.clock));
  api.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(c.var.limitHeaders ?? {})) c.res.headers.set(name, value);
    c.res.headers.set('cache-control', 'no-store');
    c.res.headers.set('x-content-type-options', 'nosniff');
  });
  api.use(admission(api, options.identify, new RateLimit(options.clock)));
  api.use(idempotency(options));
  addKeyRoutes(api, options);
  addTokenRoutes(api, options);
  addStreamRoutes(api, options);
  addSessionRoutes(api, options);
  addStreamMetricsRoutes(api, options);
  if (options.issueTicket !== undefined) addTicketRoutes(api, options.issueTicket);
  addLinkRoutes(api, options);
  addEventRoutes(api, options);
  addReceiverRoutes(api, options);
  addStatusRoutes(api, options);
  if (options.metrics !== undefined) addMetricsRoutes(api, options.metrics, options.isMetricsPublic);
  addOpenApiRoutes(api, options);
  api.notFound((c) =>
    problemResponse(new StreamctlError('API_NOT_FOUND', { path: c.req.path.slice(0, 100) }), c.get('requestId')),
  );
  api.onError((error: Error, c: Context<ApiEnv>) => {
    const requestId = c.get('requestId');
    if (!isStreamctlError(error)) {
      options.log.error({ err: error, path: c.req.path, request_id: requestId }, 'request failed unexpectedly');
    }
    return problemResponse(error, requestId);
  });
  return api;
}
