import type { StreamctlError } from '../base/errors.ts';
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
  /** The last call in its place: nothing can be made of what was sent, and the publisher has been told. */
  fail(error: StreamctlError): void;
}

/** Why a publisher is sent away by the server. */
export type PublisherDismissal = 'replaced' | 'operator' | 'key_revoked' | 'policy' | 'shutdown';

/** The connection behind a publication, as far as the stream may touch it. */
export interface PublisherConnection {
  /** Names the connection in logs. */
  readonly id: string;
  readonly remoteAddress: string;
  /** Encoder name as announced, cut to 64 printable characters. */
  readonly encoder: string;
  /** Tells the publisher why, with `error` in its words, then closes. `Publication.end` is not called afterwards. */
  dismiss(reason: PublisherDismissal, error?: StreamctlError): void;
}

/** What a broadcast may be; absent members allow everything. */
export interface PublishPolicy {
  /** Names of the ladder's rungs it may have; absent: all that are configured. */
  readonly rungs?: readonly string[] | undefined;
  /** Of all tracks together. */
  readonly maxBitrateBps?: number | undefined;
  /** Of the picture's shorter side, so that 1080 holds for pictures in portrait too. */
  readonly maxHeightPixels?: number | undefined;
  /** Of every track: `avc`, `aac`. */
  readonly codecs?: readonly string[] | undefined;
}

/** What a key entitles to. */
export interface PublishGrant extends PublishPolicy {
  readonly channel: string;
  /** Absent for `auth.open_publish`. */
  readonly keyId?: string;
}
