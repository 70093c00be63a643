import { entry } from './entry.ts';

/** The store, its file and its thread. */
export const storeErrors = {
  STORE_UNSUPPORTED: entry<{ scheme: string }>({
    message: ({ scheme }) => `A store of ${scheme} is not available in this build.`,
    remedy: 'Set store.url to sqlite:PATH or to postgres://USER:PASSWORD@HOST/DATABASE.',
    httpStatus: 500,
    exitCode: 2,
  }),
  STORE_LOCKED: entry<{ path: string }>({
    message: ({ path }) => `The store ${path} was held by somebody else for too long.`,
    remedy: 'Try again; if it lasts, find who holds it: fuser -v PATH, or pg_stat_activity of a Postgres.',
    httpStatus: 503,
    exitCode: 5,
  }),
  STORE_CORRUPT: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The store ${path} is damaged (${reason}).`,
    remedy: 'Move the file aside and put a backup in its place (made by: streamctl db backup FILE).',
    httpStatus: 500,
    exitCode: 1,
  }),
  STORE_NOT_A_DATABASE: entry<{ path: string }>({
    message: ({ path }) => `${path} is not an SQLite database.`,
    remedy: 'Point store.url at the right file, or move this one aside.',
    httpStatus: 500,
    exitCode: 2,
  }),
  STORE_FULL: entry<{ path: string }>({
    message: ({ path }) => `The disk of the store ${path} is full; what was asked for was not saved.`,
    remedy: 'Free some disk space, then try again. Live streams go on meanwhile.',
    httpStatus: 507,
    exitCode: 1,
  }),
  STORE_UNWRITABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The store ${path} cannot be opened or written (${reason}).`,
    remedy: 'Give the user that runs streamctl the file and its folder, or choose another data_dir.',
    httpStatus: 500,
    exitCode: 1,
  }),
  STORE_URL_INVALID: entry<{ reason: string }>({
    message: ({ reason }) => `store.url does not name a Postgres: ${reason}.`,
    remedy: 'Write it as postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full',
    httpStatus: 500,
    exitCode: 2,
  }),
  STORE_UNREACHABLE: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The store ${path} does not answer (${reason}).`,
    remedy:
      'Try again; if it lasts, see that Postgres runs and can be reached from here. Live streams go on meanwhile.',
    httpStatus: 503,
    exitCode: 5,
  }),
  STORE_ACCESS_REFUSED: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `The store ${path} refuses us: ${reason}.`,
    remedy:
      'Check user, password and database in store.url; the user has to own the database, or may create tables in it.',
    httpStatus: 503,
    exitCode: 2,
  }),
  STORE_TLS_FAILED: entry<{ path: string; reason: string }>({
    message: ({ path, reason }) => `No secure connection to the store ${path} can be made (${reason}).`,
    remedy:
      'Name the authority that signed its certificate by sslrootcert=FILE in store.url, and the host as the certificate does.',
    httpStatus: 503,
    exitCode: 2,
  }),
  STORE_BACKUP_BY_PG_DUMP: entry<{ path: string }>({
    message: ({ path }) => `A copy of the store ${path} is made by Postgres itself.`,
    remedy: 'Run pg_dump --format=custom --file=FILE DATABASE; pg_restore brings it back.',
    httpStatus: 409,
    exitCode: 2,
  }),
  STORE_TOO_NEW: entry<{ path: string; migration: string }>({
    message: ({ path, migration }) =>
      `The store ${path} was made by a newer streamctl (it has migration ${migration}).`,
    remedy: 'Run that version or a later one; a store is never taken back.',
    httpStatus: 500,
    exitCode: 2,
  }),
  STORE_DATA_DIR_IN_USE: entry<{ path: string; pid: string }>({
    message: ({ path, pid }) =>
      `Another streamctl server${pid === '' ? '' : ` (process ${pid})`} uses the data folder ${path}.`,
    remedy: 'Stop it, or give this one a data_dir of its own.',
    httpStatus: 409,
    exitCode: 5,
  }),
  STORE_THREAD_DIED: entry<Record<never, never>>({
    message: () => 'The store stopped in the middle of a call.',
    remedy: 'Try again: a new store thread is started by the next call. The log says why the last one died.',
    httpStatus: 503,
    exitCode: 5,
  }),
  STORE_CURSOR_INVALID: entry<Record<never, never>>({
    message: () => 'The cursor was not made by this server.',
    remedy: 'Use next_cursor of the page before, or leave the cursor out to begin anew.',
    httpStatus: 400,
    exitCode: 2,
  }),
  STORE_BACKUP_EXISTS: entry<{ path: string }>({
    message: ({ path }) => `${path} exists already and was left as it is.`,
    remedy: 'Name a new file for the backup.',
    httpStatus: 409,
    exitCode: 2,
  }),
} as const;
