import { entry } from './entry.ts';

/** Taking in RTMP. */
export const rtmpErrors = {
  RTMP_CHUNK_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `The RTMP chunk stream is broken: ${reason}.`,
    remedy: 'The publisher cut or corrupted its data; it has to connect again.',
    httpStatus: 400,
    exitCode: 1,
  }),
  RTMP_MESSAGE_TOO_LARGE: entry<{ lengthBytes: number; maxBytes: number }>({
    message: ({ lengthBytes, maxBytes }) =>
      `An RTMP message of ${lengthBytes} bytes was announced; ${maxBytes} are the limit.`,
    remedy: 'Lower the bit rate or the keyframe size in the encoder.',
    httpStatus: 400,
    exitCode: 1,
  }),
  RTMP_MEMORY_BUDGET: entry<{ limitBytes: number }>({
    message: ({ limitBytes }) => `Unfinished RTMP messages would take more than ${limitBytes} bytes of memory.`,
    remedy: 'Send messages whole; if many publishers are connected, spread them over more nodes.',
    httpStatus: 503,
    exitCode: 4,
  }),
  RTMP_HANDSHAKE_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `This is no RTMP handshake: ${reason}.`,
    remedy: 'Use an rtmp:// address (rtmps:// for TLS) and the port of the RTMP listener.',
    httpStatus: 400,
    exitCode: 1,
  }),
  RTMP_MESSAGE_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `An RTMP message is malformed: ${reason}.`,
    remedy: 'The sender has to send it again, whole; if it repeats, use another encoder or report it with a capture.',
    httpStatus: 400,
    exitCode: 1,
  }),
  AMF_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `The AMF data is malformed: ${reason}.`,
    remedy:
      'The sender has to send AMF0 within the limits; if it repeats, use another encoder or report it with a capture.',
    httpStatus: 400,
    exitCode: 1,
  }),
  RTMP_STREAM_NAME_INVALID: entry<{ why: string }>({
    message: ({ why }) => `The stream name cannot be used: ${why}.`,
    remedy: 'Put the stream key, and nothing else, into the stream key field of the encoder.',
    httpStatus: 400,
    exitCode: 2,
  }),
  RTMP_APP_UNKNOWN: entry<{ wanted: string }>({
    message: ({ wanted }) => `There is no such application here; there is "${wanted}".`,
    remedy: 'Publish to rtmp://HOST/live and put the stream key into its own field.',
    httpStatus: 404,
    exitCode: 3,
  }),
  RTMP_PUBLISHER_LIMIT: entry<{ limit: number }>({
    message: ({ limit }) => `The server already has ${limit} publishers, its limit.`,
    remedy: 'Stop another broadcast, or raise rtmp.max_publishers.',
    httpStatus: 503,
    exitCode: 4,
  }),
  RTMP_ADDRESS_LIMIT: entry<{ limit: number }>({
    message: ({ limit }) => `${limit} publishers from your address are connected already, the limit.`,
    remedy: 'Stop another broadcast, or raise rtmp.max_per_ip.',
    httpStatus: 429,
    exitCode: 4,
  }),
  RTMP_AUTHORIZATION_UNAVAILABLE: entry<Record<never, never>>({
    message: () => 'The stream key could not be checked.',
    remedy: 'Try again in a moment; the log of the server tells what failed.',
    httpStatus: 503,
    exitCode: 5,
  }),
  RTMP_INPUT_UNUSABLE: entry<{ why: string }>({
    message: ({ why }) => `Nothing that was sent can be used: ${why}`,
    remedy: 'Set the encoder to H.264 video and AAC audio.',
    httpStatus: 400,
    exitCode: 1,
  }),
  RTMP_COMMAND_UNEXPECTED: entry<{ command: string }>({
    message: ({ command }) => `The RTMP command "${command}" has no place at this point of the session.`,
    remedy: 'Connect, create a stream, then publish to it once.',
    httpStatus: 400,
    exitCode: 1,
  }),
  RTMP_TOO_SLOW: entry<{ waitedFor: string }>({
    message: ({ waitedFor }) => `The connection was closed: ${waitedFor} did not come in time.`,
    remedy: 'Check the network between encoder and server; try again.',
    httpStatus: 408,
    exitCode: 5,
  }),
  RTMP_WRONG_KEYS: entry<Record<never, never>>({
    message: () => 'The connection was not heard: hundreds of wrong stream keys have just come from its address.',
    remedy:
      'Stop what tries keys there; after 20 seconds all is forgiven. A proxy that all publishers come through belongs into http.trusted_proxies.',
    httpStatus: 429,
    exitCode: 4,
  }),
  RTMP_CROWDED: entry<Record<never, never>>({
    message: () => 'The connection was closed to make room: too many connect and do not publish.',
    remedy: 'Find out who connects; close the RTMP port to them, or set rtmp.max_per_ip.',
    httpStatus: 503,
    exitCode: 5,
  }),
} as const;
