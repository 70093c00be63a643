import type { OpenAPIHono } from '@hono/zod-openapi';
import type { DrawLetters } from '../access/draw-letters.ts';
import type { Identity } from '../access/identity.ts';

/** What a request to the API carries along. */
export interface ApiEnv {
  /** Handed in by who received the request: `api.fetch(request, { remoteAddress })`. */
  Bindings: {
    /** It came over the control socket, where file permissions are the login. */
    readonly isLocal?: boolean | undefined;
    /** Of who asks, as sockets give it; absent over a Unix socket. */
    readonly remoteAddress?: string | undefined;
  };
  Variables: {
    /** Who asks. Not set for operations that are open to all. */
    identity: Identity;
    /** For ids and secrets this request makes: repeated with the same Idempotency-Key, it draws the same. */
    draw: DrawLetters;
    /** What the answer tells of the caller's rate limit. */
    limitHeaders: Readonly<Record<string, string>>;
    /** Names the request in the answer and in the log. */
    requestId: string;
  };
}

/** The API, to which each topic adds its operations. */
export type Api = OpenAPIHono<ApiEnv>;
