import { entry } from './entry.ts';

/** What was typed. */
export const cliErrors = {
  CLI_FLAG_INVALID: entry<{ flag: string; found: string; wanted: string }>({
    message: ({ flag, found, wanted }) => `--${flag}: found "${found}", wanted ${wanted}.`,
    remedy: 'Correct the flag; --help shows what each takes.',
    httpStatus: 400,
    exitCode: 2,
  }),
  CLI_TOKEN_MISSING: entry<{ url: string }>({
    message: ({ url }) => `There is no API token for ${url}.`,
    remedy:
      'Give one by --token-file FILE or $STREAMCTL_TOKEN. The first one lies in admin.token of the data folder of the server.',
    httpStatus: 401,
    exitCode: 4,
  }),
  CLI_TOKEN_FILE_UNREADABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The file with the API token, ${path}, cannot be read (${reason}).`,
    remedy: 'Give the path of a file that you may read and that holds the token alone.',
    httpStatus: 400,
    exitCode: 2,
  }),
  CLI_NOTHING_TO_CHANGE: entry<Record<never, never>>({
    message: () => 'No flag says what is to change.',
    remedy: 'Name what is to change, such as --expires-in 12h or --max-bitrate 6M; --help shows all.',
    httpStatus: 400,
    exitCode: 2,
  }),
  CLI_CODE_UNKNOWN: entry<{ code: string; near: string }>({
    message: ({ code, near }) => `There is no error code ${code}${near === '' ? '' : `; did you mean ${near}?`}`,
    remedy: 'See all of them: streamctl explain',
    httpStatus: 404,
    exitCode: 3,
  }),
  LICENSES_NOT_EMBEDDED: entry<Record<string, never>>({
    message: () => 'The program runs from its sources: only the executable carries the licences of what is in it.',
    remedy: 'Look into node_modules, where each package has its own; docs/dependencies.md lists those we chose.',
    httpStatus: 404,
    exitCode: 1,
  }),
  DOCTOR_NOT_LIVE: entry<{ stream: string; state: string }>({
    message: ({ stream, state }) => `Nobody publishes to ${stream} now (${state}), so there is nothing to look at.`,
    remedy: 'Start the broadcast, then ask again. Who is live: streamctl streams list --state ACTIVE',
    httpStatus: 409,
    exitCode: 3,
  }),
  BENCH_SERVER_FAILED: entry<{ log: string }>({
    message: ({ log }) =>
      `The server that was to be measured did not start, or ended.${log === '' ? '' : ` It said: ${log}`}`,
    remedy: 'Does streamctl demo work? See what stands in the way: streamctl doctor',
    httpStatus: 500,
    exitCode: 1,
  }),
} as const;
