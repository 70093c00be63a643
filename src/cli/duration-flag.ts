import { StreamctlError } from '../base/errors.ts';
import { durationMs } from '../config/values.ts';

/** Reads `12h` given to a flag. Throws CLI_FLAG_INVALID. */
export function readDuration(flag: string, text: string): number {
  const result = durationMs().safeParse(text);
  if (result.success) return result.data;
  throw new StreamctlError('CLI_FLAG_INVALID', { flag, found: text, wanted: result.error.issues[0]?.message ?? '' });
}

/** When something that is good for `text` from now expires, as ISO 8601; undefined for ever. */
export function expiryFromNow(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return new Date(Date.now() + readDuration('expires-in', text)).toISOString();
}
