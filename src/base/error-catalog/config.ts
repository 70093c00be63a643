import { entry } from './entry.ts';

/** The configuration and its file. */
export const configErrors = {
  CONFIG_INVALID: entry<{ problems: readonly string[] }>({
    message: ({ problems }) =>
      `The configuration has ${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'}; nothing was started.\n${problems.map((line) => `  ${line}`).join('\n')}`,
    remedy: 'Correct each line above, then: streamctl config check',
    httpStatus: 500,
    exitCode: 2,
  }),
  CONFIG_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The configuration file ${path} cannot be read (${reason}).`,
    remedy: 'Check the path given by --config or STREAMCTL_CONFIG, and who may read the file.',
    httpStatus: 500,
    exitCode: 2,
  }),
  CONFIG_FILE_EXISTS: entry<{ path: string }>({
    message: ({ path }) => `${path} exists already and was left as it is.`,
    remedy: 'Move it away first, or name another file: streamctl init OTHER.yaml',
    httpStatus: 409,
    exitCode: 2,
  }),
  CONFIG_FILE_UNWRITABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The configuration file ${path} cannot be written (${reason}).`,
    remedy: 'Choose a folder that exists and may be written: streamctl init FILE',
    httpStatus: 500,
    exitCode: 1,
  }),
} as const;
