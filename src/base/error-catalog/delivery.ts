import { entry } from './entry.ts';

/** Playback over HTTP. */
export const deliveryErrors = {
  DELIVERY_THREAD_DIED: entry<object>({
    message: () => 'A thread that answers viewers died, and is being started anew.',
    remedy: 'Try again in a second; if it happens again, the log says why the thread died.',
    httpStatus: 503,
    exitCode: 1,
  }),
  DELIVERY_STREAM_NOT_FOUND: entry<{ id: string }>({
    message: ({ id }) => `There is no stream or channel "${id}" with media now.`,
    remedy: 'Wait until the broadcast starts, or check the address.',
    httpStatus: 404,
    exitCode: 3,
  }),
  DELIVERY_STREAM_NOT_READY: entry<{ id: string }>({
    message: ({ id }) => `The broadcast of "${id}" is starting: its first segment is not complete.`,
    remedy: 'Ask again in a second.',
    httpStatus: 404,
    exitCode: 3,
  }),
  DELIVERY_RENDITION_NOT_READY: entry<{ id: string; rendition: string }>({
    message: ({ id, rendition }) => `Rendition "${rendition}" of "${id}" is not made yet, or not any more.`,
    remedy: 'Ask again in a second, or take another rendition of the multivariant playlist.',
    httpStatus: 404,
    exitCode: 3,
  }),
  DELIVERY_MEDIA_NOT_FOUND: entry<{ path: string; why?: string }>({
    message: ({ path, why = 'not yet, not any more, or never' }) => `${path} does not exist: ${why}.`,
    remedy: 'Take media addresses from the current playlist.',
    httpStatus: 404,
    exitCode: 3,
  }),
  DELIVERY_THUMBNAIL_NOT_FOUND: entry<{ id: string }>({
    message: ({ id }) => `There is no picture of "${id}" yet.`,
    remedy: 'Ask again in a few seconds. Pictures are made by ffmpeg on the server, unless ladder.mode is off.',
    httpStatus: 404,
    exitCode: 3,
  }),
  DELIVERY_REPORT_TOO_LONG: entry<{ limit: number }>({
    message: ({ limit }) => `A report of more than ${limit} bytes was posted.`,
    remedy: 'Send fewer CMCD events at a time: lower the batch size of the event target.',
    httpStatus: 413,
    exitCode: 2,
  }),
  DELIVERY_DIRECTIVE_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `The delivery directives cannot be followed: ${reason}.`,
    remedy: 'Send _HLS_msn and _HLS_part once each, as decimal integers, and _HLS_skip as YES or v2.',
    httpStatus: 400,
    exitCode: 2,
  }),
  DELIVERY_MSN_TOO_FAR: entry<Record<never, never>>({
    message: () => 'The playlist is asked for too far ahead.',
    remedy: 'Ask for at most two segments, or three seconds of parts, after the last one listed.',
    httpStatus: 400,
    exitCode: 2,
  }),
  DELIVERY_WAIT_TIMEOUT: entry<{ waitedMs: number }>({
    message: ({ waitedMs }) => `Nothing new came within ${waitedMs / 1000} s.`,
    remedy: 'Ask again; the publisher may be gone.',
    httpStatus: 503,
    exitCode: 5,
  }),
  DELIVERY_OVERLOADED: entry<{ limit: number }>({
    message: ({ limit }) => `${limit} requests are waiting for media already, the limit.`,
    remedy: 'Ask again without blocking, or put a CDN in front.',
    httpStatus: 503,
    exitCode: 5,
  }),
  DELIVERY_CONNECTIONS_EXHAUSTED: entry<{ limit: number }>({
    message: ({ limit }) =>
      `No more viewer connections are taken: the limit in all (${limit}), or the one for this address, is reached.`,
    remedy:
      'Try again later; the operator can raise http.max_connections, http.max_per_ip and the open-file limit, or put a CDN in front.',
    httpStatus: 503,
    exitCode: 5,
  }),
  DELIVERY_METHOD_NOT_ALLOWED: entry<{ method: string }>({
    message: ({ method }) => `Playback answers GET, HEAD and OPTIONS, not ${method}.`,
    remedy: 'Use GET.',
    httpStatus: 405,
    exitCode: 2,
  }),
  DELIVERY_RANGE_UNSATISFIABLE: entry<{ sizeBytes: number }>({
    message: ({ sizeBytes }) => `The range lies outside of the ${sizeBytes} bytes there are.`,
    remedy: 'Ask for a range that begins inside, or for the whole.',
    httpStatus: 416,
    exitCode: 2,
  }),
} as const;
