import { entry } from './entry.ts';

/** What is wrong with media: bytes, codecs, the memory and the thread for them. */
export const mediaErrors = {
  BYTES_SHORT: entry<{ neededBytes: number; remainingBytes: number }>({
    message: ({ neededBytes, remainingBytes }) =>
      `The data ends early: ${neededBytes} bytes needed, ${remainingBytes} left.`,
    remedy: 'The sender cut or corrupted its data; it has to send it again.',
    httpStatus: 400,
    exitCode: 1,
  }),
  MEDIA_MALFORMED: entry<{ what: string; why: string }>({
    message: ({ what, why }) => `The ${what} is damaged: ${why}.`,
    remedy: 'The encoder or the connection corrupts its data: restart the encoder, or update it.',
    httpStatus: 400,
    exitCode: 1,
  }),
  MEDIA_UNSUPPORTED: entry<{ what: string }>({
    message: ({ what }) => `${what[0]?.toUpperCase()}${what.slice(1)} is not supported.`,
    remedy: 'Set the encoder to H.264 video and AAC-LC sound.',
    httpStatus: 415,
    exitCode: 1,
  }),
  MEDIA_TS_UNSUPPORTED: entry<{ what: string }>({
    message: ({ what }) => `MPEG-TS cannot carry ${what}.`,
    remedy: 'Play the stream as fMP4 (HLS or DASH), or send H.264 or HEVC video and AAC sound.',
    httpStatus: 415,
    exitCode: 1,
  }),
  MEDIA_MEMORY_EXHAUSTED: entry<{ budgetBytes: number }>({
    message: ({ budgetBytes }) =>
      `All the memory for media is in use (${Math.round(budgetBytes / 1_000_000)} MB): no broadcast can begin now.`,
    remedy: 'Try again when another broadcast has ended; lower hls.window, or give the machine more memory.',
    httpStatus: 503,
    exitCode: 1,
  }),
  MEDIA_THREAD_DIED: entry<object>({
    message: () => 'The thread that takes broadcasts in died, and is being started anew.',
    remedy: 'Try again in a second; if it happens again, the log says why the thread died.',
    httpStatus: 503,
    exitCode: 1,
  }),
} as const;
