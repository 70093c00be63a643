import type * as z from 'zod';
import { StreamctlError } from '../base/errors.ts';

/** Every mistake at once, each with where it is. */
export function inputInvalid(error: z.core.$ZodError): StreamctlError {
  const mistakes = error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  return new StreamctlError('API_INPUT_INVALID', { mistakes }, { cause: error });
}
