import { entry } from './entry.ts';

/** Streams: unknown ones, and steps their state does not allow. */
export const streamErrors = {
  STREAM_UNKNOWN: entry<{ stream: string }>({
    message: ({ stream }) => `There is no stream or channel "${stream}".`,
    remedy: 'See what there is: streamctl streams list',
    httpStatus: 404,
    exitCode: 3,
  }),
  STREAM_TRANSITION_ILLEGAL: entry<{ streamId: string; from: string; to: string; reason: string }>({
    message: ({ streamId, from, to, reason }) =>
      `Stream ${streamId} cannot go from ${from} to ${to}${reason === '' ? '' : ` (${reason})`}.`,
    remedy: 'The stream has moved on meanwhile: look at it again.',
    httpStatus: 409,
    exitCode: 4,
  }),
} as const;
