import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Identity } from '../access/identity.ts';

/** What a request to the API carries along. */
export interface ApiEnv {
  /** Handed in by who received the request: `api.fetch(request, { remoteAddress })`. */
  Bindings: {
    /** Of who asks, as sockets give it; absent over a Unix socket. */
    readonly remoteAddress?: string | undefined;
  };
  Variables: {
    /** Who asks. Not set for operations that are open to all. */
    identity: Identity;
    /** Names the request in the answer and in the log. */
    requestId: string;
  };
}

/** The API, to which each topic adds its operations. */
export type Api = OpenAPIHono<ApiEnv>;
