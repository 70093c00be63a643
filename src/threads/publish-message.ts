import type { ErrorCode } from '../base/error-catalog.ts';
import type { PublishGrant } from '../stream/publication.ts';

/** Who wants to publish, as it crosses a thread: the stream name is a secret. */
export interface PublishAttemptMessage {
  readonly app: string;
  readonly streamName: string;
  readonly remoteAddress: string;
  readonly encoder: string;
}

/** Whether it may, and what the refusal says. */
export type PublishAnswer =
  | { readonly allowed: true; readonly grant: PublishGrant }
  | { readonly allowed: false; readonly code: ErrorCode; readonly details: object };
