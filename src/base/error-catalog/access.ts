import { entry } from './entry.ts';

const inObs = 'In OBS: Settings, Output (Output Mode: Advanced), Streaming';

/** Who may publish, and what: channels, keys with their policies, and the secret they are checked with. */
export const accessErrors = {
  ACCESS_CHANNEL_INVALID: entry<{ channel: string }>({
    message: ({ channel }) => `"${channel}" is not a channel name.`,
    remedy: 'Use 1 to 63 of a-z, 0-9 and "-", beginning with a letter or digit: morning-show',
    httpStatus: 400,
    exitCode: 2,
  }),
  ACCESS_APP_UNKNOWN: entry<{ app: string }>({
    message: ({ app }) => `There is no RTMP application "${app}".`,
    remedy: 'Publish to rtmp://HOST/live with the stream key in its own field.',
    httpStatus: 404,
    exitCode: 3,
  }),
  ACCESS_KEY_UNKNOWN: entry<Record<never, never>>({
    message: () => 'The stream key is not known.',
    remedy: 'Copy the whole key, or create a new one: streamctl keys create NAME',
    httpStatus: 401,
    exitCode: 4,
  }),
  ACCESS_KEYS_STALE: entry<Record<never, never>>({
    message: () => 'Whether the stream key is still good cannot be said: the store has not answered for too long.',
    remedy: 'Try again in a few seconds. For the operator: bring the store back; broadcasts that run go on meanwhile.',
    httpStatus: 503,
    exitCode: 5,
  }),
  ACCESS_KEY_EXPIRED: entry<{ keyId: string }>({
    message: ({ keyId }) => `The stream key sk_${keyId} has expired.`,
    remedy: 'Create a new one: streamctl keys create NAME',
    httpStatus: 403,
    exitCode: 4,
  }),
  ACCESS_KEY_REVOKED: entry<{ keyId: string }>({
    message: ({ keyId }) => `The stream key sk_${keyId} was revoked.`,
    remedy: 'Create a new one: streamctl keys create NAME',
    httpStatus: 403,
    exitCode: 4,
  }),
  ACCESS_POLICY_BITRATE: entry<{ bitrateBps: number; allowedBps: number; forSeconds: number }>({
    message: ({ bitrateBps, allowedBps, forSeconds }) =>
      `The broadcast has had more than this stream key allows for ${forSeconds} s: ${megabits(bitrateBps)}; allowed are ${megabits(allowedBps)}.`,
    remedy: `Lower the bit rate (${inObs}, Bitrate), or have the policy of the key changed.`,
    httpStatus: 403,
    exitCode: 4,
  }),
  ACCESS_POLICY_HEIGHT: entry<{ widthPixels: number; heightPixels: number; allowedPixels: number }>({
    message: ({ widthPixels, heightPixels, allowedPixels }) =>
      `The picture is ${widthPixels}x${heightPixels}; this stream key allows ${allowedPixels}p at most.`,
    remedy:
      'Send a smaller picture (in OBS: Settings, Video, Output (Scaled) Resolution), or have the policy of the key changed.',
    httpStatus: 403,
    exitCode: 4,
  }),
  ACCESS_POLICY_CODEC: entry<{ kind: 'video' | 'audio'; codec: string; allowed: readonly string[] }>({
    message: ({ kind, codec, allowed }) =>
      `The ${kind === 'video' ? 'picture' : 'sound'} is ${codec}; this stream key allows ${allowed.join(', ') || 'none'}.`,
    remedy: `Choose another encoder (${inObs}, Video Encoder and Audio Encoder), or have the policy of the key changed.`,
    httpStatus: 403,
    exitCode: 4,
  }),
  ACCESS_TOKEN_UNKNOWN: entry<Record<never, never>>({
    message: () => 'The API token is not known.',
    remedy:
      'Copy the whole token into Authorization: Bearer TOKEN, or create one on the server: streamctl tokens create NAME',
    httpStatus: 401,
    exitCode: 4,
  }),
  ACCESS_TOKEN_EXPIRED: entry<{ id: string }>({
    message: ({ id }) => `The API token pat_${id} has expired.`,
    remedy: 'Create a new one: streamctl tokens create NAME',
    httpStatus: 401,
    exitCode: 4,
  }),
  ACCESS_TOKEN_REVOKED: entry<{ id: string }>({
    message: ({ id }) => `The API token pat_${id} was revoked.`,
    remedy: 'Create a new one: streamctl tokens create NAME',
    httpStatus: 401,
    exitCode: 4,
  }),
  ACCESS_ADMIN_TOKEN_UNWRITABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The administrator's API token cannot be written to ${path} (${reason}).`,
    remedy: 'Let the user that runs streamctl write to data_dir.',
    httpStatus: 500,
    exitCode: 1,
  }),
  TOKEN_NOT_FOUND: entry<{ id: string }>({
    message: ({ id }) => `There is no API token "${id}".`,
    remedy: 'See which there are: streamctl tokens list',
    httpStatus: 404,
    exitCode: 3,
  }),
  ACCESS_PEPPER_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The secret that keys are checked with, ${path}, cannot be used (${reason}).`,
    remedy:
      'Give it to the user that runs streamctl with mode 0600; restore it from a backup if it was lost, else every key must be made anew.',
    httpStatus: 500,
    exitCode: 1,
  }),
  ACCESS_KEY_CONTENDED: entry<{ id: string }>({
    message: ({ id }) => `Others change the stream key "${id}" at the same time.`,
    remedy: 'Try again.',
    httpStatus: 409,
    exitCode: 4,
  }),
  KEY_NOT_FOUND: entry<{ id: string }>({
    message: ({ id }) => `There is no stream key "${id}".`,
    remedy: 'See which there are: streamctl keys list',
    httpStatus: 404,
    exitCode: 3,
  }),
} as const;

function megabits(bps: number): string {
  return `${(bps / 1e6).toFixed(bps < 1e6 ? 2 : 1)} Mbit/s`;
}
