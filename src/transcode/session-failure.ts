import { describeExit, type FfmpegExit } from './ffmpeg-process.ts';

/** How an ffmpeg came to its end that nobody wanted. */
export type FailureReason =
  /** Nothing had come out of it. */
  | 'not_started'
  /** It took frames and gave none, and was killed. */
  | 'stalled'
  | 'exited';

export interface SessionFailure {
  readonly reason: FailureReason;
  /** For a person. */
  readonly why: string;
}

/** It was killed because frames went in and none came out. */
export class StallError extends Error {}

/** `complaint`: the last error it told of. */
export function failureOf(exit: FfmpegExit, hasDelivered: boolean, complaint: string | undefined): SessionFailure {
  const why = describeExit(exit, complaint);
  if (!hasDelivered) return { reason: 'not_started', why };
  return { reason: exit.cause instanceof StallError ? 'stalled' : 'exited', why };
}
