import { entry } from './entry.ts';

/** The management API and the socket it is reached by. */
export const apiErrors = {
  CONTROL_SOCKET_PATH_TOO_LONG: entry<{ path: string; lengthBytes: number }>({
    message: ({ path, lengthBytes }) =>
      `The path of the control socket has ${lengthBytes} bytes; the system takes at most 107: ${path}`,
    remedy: 'Set control.socket to a shorter path, such as /run/streamctl/control.sock',
    httpStatus: 500,
    exitCode: 2,
  }),
  CONTROL_SOCKET_IN_USE: entry<{ path: string }>({
    message: ({ path }) => `Another server answers on the control socket ${path}.`,
    remedy: 'Stop it, or give this one a control.socket or data_dir of its own.',
    httpStatus: 409,
    exitCode: 5,
  }),
  CONTROL_SOCKET_UNUSABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The control socket ${path} cannot be used (${reason}).`,
    remedy:
      'Run the command as the user that runs the server, or point control.socket at a folder that may be written.',
    httpStatus: 500,
    exitCode: 5,
  }),
  CONTROL_NO_SERVER: entry<{ path: string }>({
    message: ({ path }) => `No server answers on ${path}.`,
    remedy: 'Start one: streamctl serve (with the same --config or --data-dir)',
    httpStatus: 503,
    exitCode: 5,
  }),
  CONTROL_SERVER_UNREACHABLE: entry<{ url: string; reason: string }>({
    message: ({ url, reason }) => `The server at ${url} cannot be reached: ${reason}.`,
    remedy: 'Check the address and the port, whether it begins with http:// or https://, and whether the server runs.',
    httpStatus: 503,
    exitCode: 5,
  }),
  CONTROL_CERTIFICATE_REFUSED: entry<{ url: string; reason: string }>({
    message: ({ url, reason }) => `The certificate of ${url} is not trusted: ${reason}.`,
    remedy: 'Use the name the certificate is for; for an authority of your own set NODE_EXTRA_CA_CERTS=FILE.',
    httpStatus: 502,
    exitCode: 5,
  }),
  CONTROL_ANSWER_INVALID: entry<{ path: string }>({
    message: ({ path }) => `The server's answer to ${path} was not understood.`,
    remedy: 'Server and command may be of different versions: compare streamctl --version and streamctl status.',
    httpStatus: 502,
    exitCode: 5,
  }),
  API_CONTROL_AWAY: entry<Record<never, never>>({
    message: () => 'The part of the server that manages it does not answer.',
    remedy: 'Try again in a few seconds; playback goes on meanwhile. If it lasts, the log says more.',
    httpStatus: 503,
    exitCode: 5,
  }),
  API_BUSY: entry<Record<never, never>>({
    message: () => 'Too many requests are under way, in all or from this address.',
    remedy: 'Try again in a few seconds, with fewer at once.',
    httpStatus: 503,
    exitCode: 5,
  }),
  API_CROSS_SITE: entry<Record<never, never>>({
    message: () => "The request comes from another site's page.",
    remedy: 'Use the pages of this server, or a program that sends an API token.',
    httpStatus: 403,
    exitCode: 4,
  }),
  API_ORIGIN_FOREIGN: entry<Record<never, never>>({
    message: () => 'A page of another site may not open this WebSocket.',
    remedy: 'Open it from a page of this server; behind a proxy, set http.public_url to the address people use.',
    httpStatus: 403,
    exitCode: 2,
  }),
  API_NOT_FOUND: entry<{ path: string }>({
    message: ({ path }) => `There is nothing at ${path}.`,
    remedy: 'Look at the path and the method again.',
    httpStatus: 404,
    exitCode: 3,
  }),
  API_UNAUTHENTICATED: entry<Record<never, never>>({
    message: () => 'The request does not say who makes it, or not in a way that is known.',
    remedy: 'Send an API token: Authorization: Bearer TOKEN. The first one lies in admin.token of the data folder.',
    httpStatus: 401,
    exitCode: 4,
  }),
  API_SCOPE_MISSING: entry<{ scope: string }>({
    message: ({ scope }) => `This needs an API token with the scope ${scope}.`,
    remedy: 'Create one: streamctl tokens create NAME --scope SCOPE',
    httpStatus: 403,
    exitCode: 4,
  }),
  API_RATE_LIMITED: entry<{ retryAfterSeconds: number }>({
    message: ({ retryAfterSeconds }) => `Too many requests; the next is answered in ${retryAfterSeconds} s.`,
    remedy: 'Wait as long as Retry-After says, and ask less often.',
    httpStatus: 429,
    exitCode: 5,
  }),
  API_PRECONDITION_FAILED: entry<Record<never, never>>({
    message: () => 'It has changed since it was read: If-Match names another state.',
    remedy: 'Read it again, and send the change with the ETag of that answer.',
    httpStatus: 412,
    exitCode: 4,
  }),
  API_IDEMPOTENCY_MISMATCH: entry<Record<never, never>>({
    message: () => 'This Idempotency-Key was used for another request.',
    remedy: 'Give each request a key of its own, such as a UUID; repeat a request with the same key and the same body.',
    httpStatus: 422,
    exitCode: 2,
  }),
  API_IDEMPOTENCY_BUSY: entry<{ retryAfterSeconds: number }>({
    message: () => 'The first request with this Idempotency-Key is still under way.',
    remedy: 'Repeat it after as long as Retry-After says.',
    httpStatus: 409,
    exitCode: 5,
  }),
  API_BODY_TYPE: entry<Record<never, never>>({
    message: () => 'The body is not plain application/json.',
    remedy: 'Send JSON with the header Content-Type: application/json, without Content-Encoding.',
    httpStatus: 415,
    exitCode: 2,
  }),
  API_BODY_TOO_LARGE: entry<Record<never, never>>({
    message: () => 'The body is larger than 64 kB or nested deeper than 32 levels.',
    remedy: 'Send less.',
    httpStatus: 413,
    exitCode: 2,
  }),
  API_INPUT_INVALID: entry<{ mistakes: readonly string[] }>({
    message: ({ mistakes }) => `The request has mistakes: ${mistakes.join('; ')}.`,
    remedy: 'Correct what is named and send it again.',
    httpStatus: 400,
    exitCode: 2,
  }),
  API_INTERNAL: entry<Record<never, never>>({
    message: () => 'Something went wrong inside the server.',
    remedy: 'The log says what; if it lasts, please report it.',
    httpStatus: 500,
    exitCode: 1,
  }),
} as const;
