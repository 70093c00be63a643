import { type ErrorCode, errorCatalog } from './error-catalog.ts';

/** The message of a code for who looks it up, with `<name>` where the details of a case stand. */
export function meaningOf(code: ErrorCode): string {
  const { message } = errorCatalog[code];
  return withoutNaN((message as (details: unknown) => string)(placeholders));
}

/** Text that calculates with a detail (ms to seconds) makes no number of a placeholder. */
export function withoutNaN(text: string): string {
  return text.replaceAll('NaN', '<number>');
}

/** Stands in for the details of any text: each shows as its name in angle brackets, as text and as a list of one. */
export const placeholders: unknown = new Proxy({}, { get: (_target, name) => [`<${String(name)}>`] });
