import type { ErrorCode } from '../base/error-catalog.ts';
import { isStreamctlError } from '../base/errors.ts';

const passing: ReadonlySet<ErrorCode> = new Set([
  'STORE_LOCKED',
  'STORE_FULL',
  'STORE_THREAD_DIED',
  'STORE_UNREACHABLE',
  'STORE_ACCESS_REFUSED',
  'STORE_TLS_FAILED',
] as const);

/** SQLite's names and Postgres' SQLSTATE unique_violation. */
const sameRowCodes = new Set(['SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE', '23505']);

/** Whether the store failed in a way that ends without anybody changing what was asked: the same call may succeed later. */
export function isPassingStoreError(error: unknown): boolean {
  return isStreamctlError(error) && passing.has(error.code);
}

/** Whether a write fails because it has been made already: the row is there, or the stream is in the state that was wanted. */
export function isRepetition(error: unknown): boolean {
  if (isStreamctlError(error)) {
    if (error.code !== 'STREAM_TRANSITION_ILLEGAL') return false;
    const { from, to } = error.details as { readonly from: string; readonly to: string };
    return from === to;
  }
  return sameRowCodes.has((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}
