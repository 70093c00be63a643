import type { StreamEndReason, StreamState } from '../contract/stream-state.ts';

/*
 * What the rest of the program knows of the store. All methods are asynchronous, and arguments and results are plain
 * data, so that an adapter may live in another thread or on another machine. Times are ms since the epoch.
 * Every method may throw STORE_LOCKED, STORE_FULL, STORE_UNWRITABLE or STORE_CORRUPT.
 */

/** What a key allows beyond publishing; absent members allow everything. */
export interface KeyPolicy {
  readonly maxBitrateBps?: number | undefined;
  readonly maxHeightPixels?: number | undefined;
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
  /** The key as it is now; undefined when there is none of that id. */
  update(id: string, patch: KeyPatch, event?: NewEvent): Promise<KeyRow | undefined>;
  touch(id: string, lastUsedAtMs: number): Promise<void>;
}

/** A track of the publisher, as far as people want to know. */
export interface TrackSummary {
  readonly kind: 'video' | 'audio';
  /** RFC 6381. */
  readonly codec: string;
  readonly widthPixels?: number | undefined;
  readonly heightPixels?: number | undefined;
  readonly fps?: number | undefined;
  readonly sampleRateHz?: number | undefined;
  readonly channelCount?: number | undefined;
  readonly bitrateBps?: number | undefined;
}

/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export interface StreamRow {
  readonly id: string;
  readonly channel: string;
  readonly keyId: string | null;
  readonly state: StreamState;
  readonly reason: StreamEndReason | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly interruptedSinceMs: number | null;
  readonly tracks: readonly TrackSummary[];
  readonly ladder: readonly string[];
  readonly node: string;
  /** What the stream must continue with after a restart; its owner knows the shape. */
  readonly continuity: JsonValue;
}

export type StreamPatch = Partial<Omit<StreamRow, 'id' | 'channel' | 'createdAtMs'>>;

export interface StreamFilter {
  readonly state?: StreamState | undefined;
  readonly channel?: string | undefined;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface StreamStore {
  create(stream: StreamRow, event: NewEvent): Promise<void>;
  /**
   * Changes the row and writes the event, both or neither; resolves with the row as it is now.
   * Throws STREAM_UNKNOWN, and STREAM_TRANSITION_ILLEGAL when `patch.state` is not a step of the state table.
   */
  transition(id: string, patch: StreamPatch, event: NewEvent): Promise<StreamRow>;
  saveContinuity(entries: readonly { readonly streamId: string; readonly continuity: JsonValue }[]): Promise<void>;
  /** By id, or by channel name: then the channel's newest stream. */
  find(idOrChannel: string): Promise<StreamRow | undefined>;
  /** Newest first. */
  list(filter: StreamFilter): Promise<{ readonly items: readonly StreamRow[]; readonly nextCursor: string | null }>;
  /** Those that have not ended, oldest first. */
  active(): Promise<readonly StreamRow[]>;
}

export interface NewEvent {
  readonly timeMs: number;
  /** `stream.started`, `key.created`, … */
  readonly type: string;
  readonly streamId: string | null;
  readonly traceId: string | null;
  readonly payload: { readonly [key: string]: JsonValue };
}

export interface EventRow extends NewEvent {
  /** Grows with every event of the store. */
  readonly id: number;
}

export interface EventFilter {
  readonly streamId?: string | undefined;
  /** Only events with a higher id. */
  readonly afterId?: number | undefined;
  readonly limit: number;
}

export interface EventStore {
  append(event: NewEvent): Promise<EventRow>;
  /** Oldest first. */
  list(filter: EventFilter): Promise<readonly EventRow[]>;
}

export interface StoreStatus {
  readonly url: string;
  readonly sizeBytes: number;
  readonly migrations: readonly { readonly name: string; readonly isApplied: boolean }[];
}

export interface Store {
  readonly keys: KeyStore;
  readonly streams: StreamStore;
  readonly events: EventStore;
  status(): Promise<StoreStatus>;
  /** A consistent copy, made while others write. */
  backup(filePath: string): Promise<void>;
  close(): Promise<void>;
}
