import { entry } from './entry.ts';

/** The ladder and the ffmpeg behind it. */
export const transcodeErrors = {
  TRANSCODE_FFMPEG_MISSING: entry<{ where: string }>({
    message: ({ where }) =>
      `No ffmpeg was found in ${where}; streams are offered as they are published, without a ladder.`,
    remedy: 'Install it (Debian, Ubuntu: apt-get install ffmpeg), then restart streamctl.',
    httpStatus: 503,
    exitCode: 5,
  }),
  TRANSCODE_FFMPEG_OUTDATED: entry<{ path: string; version: string }>({
    message: ({ path, version }) => `${path} is version ${version}; the ladder needs 4.4 or newer, best 5.1 or newer.`,
    remedy: 'Update ffmpeg, then restart streamctl.',
    httpStatus: 503,
    exitCode: 5,
  }),
  TRANSCODE_FFMPEG_INCAPABLE: entry<{ path: string; why: string }>({
    message: ({ path, why }) => `${path} cannot be used for the ladder: ${why}.`,
    remedy: 'Install a complete build of ffmpeg (Debian, Ubuntu: apt-get install ffmpeg), then restart streamctl.',
    httpStatus: 503,
    exitCode: 5,
  }),
} as const;
