import type { PolicyCodec } from '../../contract/policy-codecs.ts';
import type { NewEvent } from './event-store.ts';

/** What a key allows beyond publishing; absent members allow everything. */
export interface KeyPolicy {
  readonly maxBitrateBps?: number | undefined;
  readonly maxHeightPixels?: number | undefined;
  /** Of the picture and the sound: `avc`, `aac`. */
  readonly codecs?: readonly PolicyCodec[] | undefined;
  /** Names of ladder rungs; absent: as configured. */
  readonly ladder?: readonly string[] | undefined;
  readonly record?: boolean | undefined;
  readonly playback?: 'public' | 'signed' | undefined;
}

export interface KeyRow {
  readonly id: string;
  readonly channel: string;
  /** HMAC-SHA-256 of the secret under the pepper, hex. */
  readonly secretHash: string;
  /** The last four characters of the secret, for recognition. */
  readonly last4: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  /** After a rotation: the secret before, good until `previousValidUntilMs`. */
  readonly previousHash: string | null;
  readonly previousValidUntilMs: number | null;
  readonly policy: KeyPolicy;
}

export type KeyPatch = Partial<Omit<KeyRow, 'id' | 'channel' | 'createdAtMs'>>;

export interface KeyStore {
  create(key: KeyRow, event: NewEvent): Promise<void>;
  /** Oldest first; revoked keys too. */
  list(): Promise<readonly KeyRow[]>;
  find(id: string): Promise<KeyRow | undefined>;
  /** The key as it is now; undefined when there is none of that id, or one that has not all of `expected` any more. */
  update(id: string, patch: KeyPatch, event?: NewEvent, expected?: KeyPatch): Promise<KeyRow | undefined>;
  touch(id: string, lastUsedAtMs: number): Promise<void>;
}
