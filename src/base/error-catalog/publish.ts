import { entry } from './entry.ts';

/** Publishing by RTMP, and the demo that does. */
export const publishErrors = {
  DEMO_NO_PORT: entry<{ from: number; to: number }>({
    message: ({ from, to }) => `Every port from ${from} to ${to} is in use.`,
    remedy: 'Name one that is free: streamctl demo --http-listen 127.0.0.1:9000 --rtmp-listen 127.0.0.1:9001',
    httpStatus: 500,
    exitCode: 1,
  }),
  DEMO_NO_PICTURE: entry<{ seconds: number }>({
    message: ({ seconds }) => `The demo has published for ${seconds} s and there is still nothing to watch.`,
    remedy: 'The lines above may say why; if not, this is a defect: please report it.',
    httpStatus: 500,
    exitCode: 1,
  }),
  PUBLISH_URL_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `The address to publish to cannot be used: ${reason}.`,
    remedy: 'Give it as keys create printed it: rtmp://HOST/live/KEY',
    httpStatus: 400,
    exitCode: 2,
  }),
  PUBLISH_FILE_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The file ${path} cannot be read (${reason}).`,
    remedy: 'Check its name, and who may read it.',
    httpStatus: 400,
    exitCode: 2,
  }),
  PUBLISH_FILE_EMPTY: entry<{ path: string }>({
    message: ({ path }) => `There is nothing to send in ${path}: it is FLV without frames.`,
    remedy: 'Make one: ffmpeg -i INPUT -c:v libx264 -g 60 -c:a aac OUTPUT.flv',
    httpStatus: 400,
    exitCode: 2,
  }),
  PUBLISH_UNREACHABLE: entry<{ address: string; reason: string }>({
    message: ({ address, reason }) => `No server answers at ${address} (${reason}).`,
    remedy: 'Start it (streamctl serve), or check host and port.',
    httpStatus: 502,
    exitCode: 5,
  }),
  PUBLISH_TIMEOUT: entry<{ step: string; seconds: number }>({
    message: ({ step, seconds }) => `The server was silent: ${step} did not come within ${seconds} s.`,
    remedy: 'Check that this port speaks RTMP, and look into the log of the server.',
    httpStatus: 504,
    exitCode: 5,
  }),
  PUBLISH_REFUSED: entry<{ code: string; description: string }>({
    message: ({ code, description }) =>
      `The server refused the broadcast: ${[description, code].filter((word) => word !== '').join(' – ') || 'it did not say why'}`,
    remedy: 'Check the key: streamctl keys list',
    httpStatus: 502,
    exitCode: 4,
  }),
  PUBLISH_DISMISSED: entry<{ code: string; description: string }>({
    message: ({ code, description }) =>
      `The server ended the broadcast: ${[description, code].filter((word) => word !== '').join(' – ') || 'it did not say why'}`,
    remedy: 'Perhaps another publisher took over the key, or an operator stopped the stream: streamctl streams list',
    httpStatus: 502,
    exitCode: 4,
  }),
  PUBLISH_LOST: entry<{ reason: string }>({
    message: ({ reason }) => `The connection to the server was lost: ${reason}.`,
    remedy: 'Publish again; if it repeats, look into the log of the server.',
    httpStatus: 502,
    exitCode: 5,
  }),
} as const;
