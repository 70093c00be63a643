import type { RouteConfig } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { type Identity, isAllowed } from '../access/identity.ts';
import { isStreamctlError, StreamctlError } from '../base/errors.ts';
import { isScope, type Scope } from '../contract/scopes.ts';
import type { Api, ApiEnv } from './api-env.ts';
import { readJsonText } from './body.ts';
import type { RateLimit } from './rate-limit.ts';

/** Says who makes a request; undefined where the request does not say. May throw what is answered as a problem, such as that a token has expired. */
export type Identify = (request: Request, from: ApiEnv['Bindings']) => Promise<Identity | undefined>;

/** Who may use an operation, and whether it takes a body: read from its declaration. */
interface Admission {
  /** Undefined: open to all. */
  readonly scope: Scope | undefined;
  readonly takesStreamKey: boolean;
  readonly hasBody: boolean;
}

/**
 * Stands before every operation: looks at who asks, and how often, before anything else is read; then reads the body within its bounds.
 * An operation that does not declare its security is refused to everybody.
 */
export function admission(api: Api, identify: Identify, limit: RateLimit): MiddlewareHandler<ApiEnv> {
  let declared: ReadonlyMap<string, Admission> | undefined;
  return async (c, next) => {
    const route = matchedRoutes(c).findLast(({ method }) => method !== 'ALL');
    if (route === undefined) return await next();
    declared ??= declaredAdmissions(api);
    const operation = declared.get(`${route.method} ${route.path}`);
    if (operation === undefined) throw new Error(`${route.method} ${route.path} is not declared`);
    const from = c.env ?? {};
    const identity = operation.scope === undefined ? undefined : await known(identify, limit, c.req.raw, from);
    c.set('limitHeaders', limit.admit(identity, from.remoteAddress));
    if (operation.scope !== undefined && identity !== undefined) {
      if (!mayUse(operation, identity, operation.scope)) {
        throw new StreamctlError('API_SCOPE_MISSING', { scope: operation.scope });
      }
      c.set('identity', identity);
    }
    if (operation.hasBody) await boundBody(c.req);
    return await next();
  };
}

/** Throws why it is not known who asks: API_UNAUTHENTICATED and what `identify` throws; API_RATE_LIMITED where that comes too often. */
async function known(identify: Identify, limit: RateLimit, request: Request, from: ApiEnv['Bindings']) {
  try {
    const identity = await identify(request, from);
    if (identity !== undefined) return identity;
  } catch (error) {
    if (isStreamctlError(error) && error.httpStatus < 500) limit.refuse(from.remoteAddress);
    throw error;
  }
  limit.refuse(from.remoteAddress);
  throw new StreamctlError('API_UNAUTHENTICATED', {});
}

function mayUse({ takesStreamKey }: Admission, identity: Identity, scope: Scope): boolean {
  return isAllowed(identity, scope) || (takesStreamKey && identity.kind === 'stream-key');
}

/** Puts what was read, within its bounds, in the place of what was sent. */
async function boundBody(request: { raw: Request }): Promise<void> {
  const { url, method, headers } = request.raw;
  const body = await readJsonText(request.raw);
  const known = new Headers(headers);
  known.set('content-type', 'application/json');
  request.raw = new Request(url, { method, headers: known, body });
}

function declaredAdmissions(api: Api): Map<string, Admission> {
  const routes = api.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === 'route' ? [definition.route as RouteConfig] : [],
  );
  return new Map(
    routes.map(({ method, path, security, request }) => {
      if (security === undefined) throw new Error(`${method} ${path} does not declare who may use it`);
      const [scope] = security.flatMap(({ token = [] }) => token);
      if (security.length > 0 && (scope === undefined || !isScope(scope))) throw new Error(`${path} needs no scope`);
      const admission: Admission = {
        scope: scope as Scope | undefined,
        takesStreamKey: security.some((way) => Object.hasOwn(way, 'streamKey')),
        // The body of a POST is read for its Idempotency-Key, also where none is expected.
        hasBody: request?.body !== undefined || method === 'post',
      };
      return [`${method.toUpperCase()} ${path.replaceAll(/\/{(.+?)}/g, '/:$1')}`, admission];
    }),
  );
}
