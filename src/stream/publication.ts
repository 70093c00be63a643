import type { AccessUnit, SourceAudioConfig, VideoConfig } from '../media/track.ts';

/** How a publisher's connection came to its end. */
export type PublicationEnd =
  /** FCUnpublish, deleteStream or closeStream: the broadcast is over. */
  | 'goodbye'
  /** The connection broke or went silent: the publisher may come back. */
  | 'lost';

/** Where an ingest session hands in what one publisher sends, in order of arrival. No call blocks or throws. */
export interface Publication {
  videoConfig(config: VideoConfig): void;
  audioConfig(config: SourceAudioConfig): void;
  /** `unit.data` may be reused as soon as the call returns: whoever keeps it copies it. */
  accessUnit(unit: AccessUnit): void;
  /** The last call. */
  end(how: PublicationEnd): void;
}

/** Why a publisher is sent away by the server. */
export type PublisherDismissal = 'replaced' | 'operator' | 'key_revoked' | 'policy' | 'input' | 'shutdown';

/** The connection behind a publication, as far as the stream may touch it. */
export interface PublisherConnection {
  /** Names the connection in logs. */
  readonly id: string;
  readonly remoteAddress: string;
  /** Encoder name as announced, cut to 64 printable characters. */
  readonly encoder: string;
  /** Tells the publisher why, then closes. `Publication.end` is not called afterwards. */
  dismiss(reason: PublisherDismissal): void;
}

/** What a key entitles to. */
export interface PublishGrant {
  readonly channel: string;
  /** Absent for `auth.open_publish`. */
  readonly keyId?: string;
  /** Names of the ladder's rungs it may have; absent: all that are configured. */
  readonly rungs?: readonly string[];
  /** More than this is told to the broadcaster; absent: anything goes. */
  readonly maxBitrateBps?: number;
}
