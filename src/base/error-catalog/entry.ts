/** One situation a person may meet: what happened (with the details), what to do, and how it leaves HTTP and the shell. */
export interface ErrorEntry<Details> {
  readonly message: (details: Details) => string;
  readonly remedy: string;
  readonly httpStatus: number;
  /** 1 general failure, 2 wrong usage or configuration, 3 not found, 4 refused, 5 out of reach. */
  readonly exitCode: 1 | 2 | 3 | 4 | 5;
}

/** Lets the compiler infer the details from the message. */
export function entry<Details>(value: ErrorEntry<Details>): ErrorEntry<Details> {
  return value;
}
