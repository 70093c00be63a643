/** One situation a person may meet: what happened (with the details), what to do, and how it leaves HTTP and the shell. */
export interface ErrorEntry<Details> {
  readonly message: (details: Details) => string;
  readonly remedy: string;
  readonly httpStatus: number;
  /** 1 general failure, 2 wrong usage or configuration, 3 not found, 4 refused, 5 out of reach. */
  readonly exitCode: 1 | 2 | 3 | 4 | 5;
}

function entry<Details>(value: ErrorEntry<Details>): ErrorEntry<Details> {
  return value;
}

export const errorCatalog = {
  BYTES_SHORT: entry<{ neededBytes: number; remainingBytes: number }>({
    message: ({ neededBytes, remainingBytes }) =>
      `The data ends early: ${neededBytes} bytes needed, ${remainingBytes} left.`,
    remedy: 'The sender cut or corrupted its data; it has to send it again.',
    httpStatus: 400,
    exitCode: 1,
  }),
} as const;

export type ErrorCode = keyof typeof errorCatalog;
export type ErrorDetails<Code extends ErrorCode> = Parameters<(typeof errorCatalog)[Code]['message']>[0];
