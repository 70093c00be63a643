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

/** Whether the store failed in a way that ends without anybody changing what was asked: the same call may succeed later. */
export function isPassingStoreError(error: unknown): boolean {
  return isStreamctlError(error) && passing.has(error.code);
}
