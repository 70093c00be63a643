import { entry } from './entry.ts';

/** What nodes tell each other over Redis. */
export const realtimeErrors = {
  REALTIME_TLS_FAILED: entry<{ place: string; reason: string }>({
    message: ({ place, reason }) => `No secure connection to Redis at ${place} can be made: ${reason}.`,
    remedy:
      'Name the host in realtime.url as its certificate does, and its port for TLS; for an authority of your own start the server with NODE_EXTRA_CA_CERTS=FILE. Streams and viewers go on meanwhile.',
    httpStatus: 503,
    exitCode: 5,
  }),
} as const;
