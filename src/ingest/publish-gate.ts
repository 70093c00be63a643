import type { StreamctlError } from '../base/errors.ts';
import type { Publication, PublisherConnection, PublishGrant } from '../stream/publication.ts';

/** What somebody who wants to publish has said. The stream name is, or has in it, a secret: it is never logged. */
export interface PublishRequest {
  readonly app: string;
  /** As it arrived, without what follows a question mark. 1 to 256 bytes, without slashes, control characters and "..". */
  readonly streamName: string;
  readonly remoteAddress: string;
  readonly isTls: boolean;
  readonly encoder: string;
}

export type PublishDecision =
  | { readonly allowed: true; readonly grant: PublishGrant }
  | { readonly allowed: false; readonly error: StreamctlError };

/** Decides whether a publisher may begin. The signal aborts when it has gone away meanwhile. */
export type AuthorizePublish = (request: PublishRequest, signal: AbortSignal) => Promise<PublishDecision>;

/**
 * Begins a broadcast, or goes on with one. Called once for each publisher that was allowed, before it is told so.
 * Throws StreamctlError when it cannot be; may dismiss the connection at once.
 */
export type OpenPublication = (grant: PublishGrant, connection: PublisherConnection) => Publication;
