import { entry } from './entry.ts';

/** Who may watch: signed links, and the keys they are signed with. */
export const playbackErrors = {
  ACCESS_PLAYBACK_TOKEN_MISSING: entry<Record<never, never>>({
    message: () => 'Only who has a signed link may watch this channel.',
    remedy: 'Open the link you were given; who runs the channel makes one: streamctl streams link CHANNEL',
    httpStatus: 401,
    exitCode: 4,
  }),
  ACCESS_PLAYBACK_TOKEN_EXPIRED: entry<Record<never, never>>({
    message: () => 'The signed link has expired.',
    remedy: 'Ask for a new one; who runs the channel makes it: streamctl streams link CHANNEL --expires-in 12h',
    httpStatus: 401,
    exitCode: 4,
  }),
  ACCESS_PLAYBACK_TOKEN_INVALID: entry<{ why: string }>({
    message: ({ why }) => `The signed link is not good: ${why}.`,
    remedy: 'Copy the whole link, or ask for a new one.',
    httpStatus: 403,
    exitCode: 4,
  }),
  ACCESS_PLAYBACK_KEYS_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The keys of signed playback, ${path}, cannot be used (${reason}).`,
    remedy:
      'Give the file to the user that runs streamctl with mode 0600; each line is a name and 64 hexadecimal digits, the first line signs: (echo "k2 $(openssl rand -hex 32)"; cat playback.keys) > new',
    httpStatus: 500,
    exitCode: 1,
  }),
} as const;
