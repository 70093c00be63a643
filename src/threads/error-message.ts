import { isStreamctlError, StreamctlError } from '../base/errors.ts';

/** An error as it crosses a thread: class and code are lost in a structured clone, so they travel by name. */
export type ErrorMessage =
  | { readonly kind: 'known'; readonly code: StreamctlError['code']; readonly details: object }
  | { readonly kind: 'unknown'; readonly message: string; readonly stack: string; readonly code?: string };

export function errorToMessage(error: unknown): ErrorMessage {
  if (isStreamctlError(error)) return { kind: 'known', code: error.code, details: error.details };
  const {
    message,
    stack = '',
    code,
  }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  return { kind: 'unknown', message, stack, ...(code === undefined ? {} : { code }) };
}

export function errorFromMessage(message: ErrorMessage): Error {
  if (message.kind === 'known') return new StreamctlError(message.code, message.details as never);
  const { stack, code } = message;
  return Object.assign(new Error(message.message), { stack }, code === undefined ? {} : { code });
}
