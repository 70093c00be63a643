import { type ErrorCode, errorCatalog } from './error-catalog.ts';

/** The message of a code for who looks it up, with `<name>` where the details of a case stand. */
export function meaningOf(code: ErrorCode): string {
  const { message } = errorCatalog[code];
  // A message that calculates with a detail (ms to seconds) makes no number of a placeholder.
  return (message as (details: unknown) => string)(placeholders).replaceAll('NaN', '<number>');
}

/** Stands in for the details of any error: each shows as its name in angle brackets, as text and as a list of one. */
const placeholders: unknown = new Proxy({}, { get: (_target, name) => [`<${String(name)}>`] });
