import { type ErrorCode, type ErrorDetails, errorCatalog } from './error-catalog.ts';
import { redactSecrets } from './redact.ts';

/**
 * The one error class: its code names the situation, the catalogue gives message, remedy, HTTP status and exit code. What
 * its details repeat of what somebody said may be a key in the wrong place: the message is without secrets, whoever reads it.
 */
export class StreamctlError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;
  readonly details: ErrorDetails<Code>;

  constructor(code: Code, details: ErrorDetails<Code>, options?: ErrorOptions) {
    const entry = errorCatalog[code] as { message: (details: ErrorDetails<Code>) => string };
    super(redactSecrets(entry.message(details)), options);
    this.name = 'StreamctlError';
    this.code = code;
    this.details = details;
  }

  get remedy(): string {
    return errorCatalog[this.code].remedy;
  }

  get httpStatus(): number {
    return errorCatalog[this.code].httpStatus;
  }

  get exitCode(): number {
    return errorCatalog[this.code].exitCode;
  }
}

export function isStreamctlError(error: unknown): error is StreamctlError {
  return error instanceof StreamctlError;
}

/** For the default branch of a switch over a union: the compiler rejects it when a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
