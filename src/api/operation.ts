import * as z from 'zod';
import type { ErrorCode } from '../base/error-catalog.ts';
import type { Scope } from '../contract/scopes.ts';

/*
 * The pieces an operation is declared with, for `createRoute`. What is declared is what happens: admission.ts enforces the
 * security of the route, and the document adds what every operation has (problems of admission, Idempotency-Key).
 */

/** An API token with this scope; the local socket needs none. */
export function needs(scope: Scope) {
  return { security: [{ token: [scope as string] }] };
}

/** Either an API token with this scope or a stream key, which stands for its channel. */
export function needsOrStreamKey(scope: Scope): { security: Record<string, string[]>[] } {
  return { security: [{ token: [scope as string] }, { streamKey: [] }] };
}

/** Nobody is asked who they are. */
export const openToAll = { security: [] };

/** A body of JSON. It may be left out where the schema takes `{}`. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: !schema.safeParse({}).success, content: { 'application/json': { schema } } };
}

export function answer<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } };
}

/** For a change of what was read: it is made only while that is still so (RFC 9110 §13.1.1). */
export const ifMatch = z.object({
  'if-match': z
    .string()
    .optional()
    .meta({ description: 'ETag of the answer that was read; the change is made only of that state.' }),
});

/** For reading again what may not have changed (RFC 9110 §13.1.2). */
export const ifNoneMatch = z.object({
  'if-none-match': z
    .string()
    .optional()
    .meta({ description: 'ETag of the answer that is known; 304 while that is still so.' }),
});

export const notModified = { description: 'It is as If-None-Match knows it.' };

/** An answer that says which state it is of. */
export function tagged<Answer extends object>(answered: Answer) {
  const headers = {
    etag: { description: 'Names this state, for If-Match and If-None-Match.', schema: { type: 'string' as const } },
  };
  return { ...answered, headers };
}

/** The codes of the problems an operation answers, beside those every operation may. */
export function refuses(...codes: readonly ErrorCode[]) {
  return { [problemCodesMember]: codes };
}

/** Where `refuses` leaves the codes in the route, and later in the document. */
const problemCodesMember = 'x-problem-codes';
