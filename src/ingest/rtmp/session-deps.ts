import type { Clock } from '../../base/clock.ts';
import type { StreamctlError } from '../../base/errors.ts';
import type { RandomBytes } from '../../rtmp/handshake.ts';
import type { MessageBuffers } from '../../rtmp/message-buffers.ts';
import type { PublicationEnd, PublisherDismissal, PublishGrant } from '../../stream/publication.ts';
import type { AuthorizePublish, OpenPublication } from '../publish-gate.ts';
import type { RtmpLimits } from './limits.ts';
import type { RtmpSession } from './session.ts';

/** The socket of a session. */
export interface SessionWire {
  send(bytes: Uint8Array): void;
  pause(): void;
  resume(): void;
  /** Lets what was sent arrive, then closes. */
  close(): void;
  destroy(): void;
}

export interface SessionPeer {
  readonly id: string;
  readonly remoteAddress: string;
  readonly isTls: boolean;
}

/** What happened, for the server to count and log. */
export interface SessionObserver {
  published(session: RtmpSession): void;
  unpublished(session: RtmpSession, how: PublicationEnd | PublisherDismissal | 'unusable'): void;
  refused(session: RtmpSession, error: StreamctlError): void;
  /** A defect of ours. */
  broke(session: RtmpSession, error: unknown): void;
}

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly buffers: MessageBuffers;
  readonly limits: RtmpLimits;
  readonly authorizePublish: AuthorizePublish;
  readonly openPublication: OpenPublication;
  /** Is there room for one more publisher? */
  readonly admit: (grant: PublishGrant, session: RtmpSession) => StreamctlError | undefined;
  /** How long an answer to a wrong key has to wait. */
  readonly rejectionDelayMs: (remoteAddress: string) => number;
  readonly observer: SessionObserver;
}
