import { entry } from './entry.ts';

/** Who may publish: channels, keys and the secret they are checked with. */
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
  ACCESS_PEPPER_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The secret that keys are checked with, ${path}, cannot be used (${reason}).`,
    remedy:
      'Give it to the user that runs streamctl with mode 0600; restore it from a backup if it was lost, else every key must be made anew.',
    httpStatus: 500,
    exitCode: 1,
  }),
  KEY_NOT_FOUND: entry<{ id: string }>({
    message: ({ id }) => `There is no stream key "${id}".`,
    remedy: 'See which there are: streamctl keys list',
    httpStatus: 404,
    exitCode: 3,
  }),
} as const;
