import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { isChannelName } from '../contract/names.ts';
import type { NewEvent } from '../store/ports/event-store.ts';
import type { JsonValue } from '../store/ports/json-value.ts';
import type { KeyPatch, KeyPolicy, KeyRow, KeyStore } from '../store/ports/key-store.ts';
import { formatKeyText, newKeyText, newSecretFor } from './key-text.ts';
import type { Pepper } from './pepper.ts';

export interface NewKey {
  readonly channel: string;
  readonly expiresAtMs?: number | null | undefined;
  readonly policy?: KeyPolicy | undefined;
}

/** A key with its text, which exists only in this answer. */
export interface IssuedKey {
  readonly key: KeyRow;
  readonly text: string;
}

export interface StreamKeysOptions {
  readonly store: KeyStore;
  readonly pepper: Pepper;
  readonly clock: Clock;
  /** Hears of every key that was created or changed. */
  readonly onChange?: (key: KeyRow) => void;
}

/** Everything that can be done with stream keys; each change is one event in the store. */
export class StreamKeys {
  private readonly options: StreamKeysOptions;

  constructor(options: StreamKeysOptions) {
    this.options = options;
  }

  /** Throws ACCESS_CHANNEL_INVALID. A channel may have several keys. */
  async create({ channel, expiresAtMs = null, policy = {} }: NewKey): Promise<IssuedKey> {
    if (!isChannelName(channel)) throw new StreamctlError('ACCESS_CHANNEL_INVALID', { channel: channel.slice(0, 80) });
    const { store, pepper, clock } = this.options;
    const text = newKeyText();
    const key: KeyRow = {
      id: text.id,
      channel,
      secretHash: pepper.hash(text.secret),
      last4: text.secret.slice(-4),
      createdAtMs: clock.wallMs(),
      expiresAtMs,
      revokedAtMs: null,
      lastUsedAtMs: null,
      previousHash: null,
      previousValidUntilMs: null,
      policy,
    };
    await store.create(key, this.event('key.created', { key_id: key.id, channel }));
    this.options.onChange?.(key);
    return { key, text: formatKeyText(text) };
  }

  async list(): Promise<readonly KeyRow[]> {
    return await this.options.store.list();
  }

  /** By id, with or without `sk_`, or by the name of a channel that has one valid key only. Throws KEY_NOT_FOUND. */
  async find(idOrChannel: string): Promise<KeyRow> {
    const id = idOrChannel.replace(/^sk_/, '').slice(0, 10);
    const byId = await this.options.store.find(id);
    if (byId !== undefined) return byId;
    const ofChannel = (await this.list()).filter((key) => key.channel === idOrChannel);
    const valid = ofChannel.filter((key) => key.revokedAtMs === null);
    const [only, ...others] = valid.length > 0 ? valid : ofChannel;
    if (only === undefined || others.length > 0) throw this.notFound(idOrChannel);
    return only;
  }

  /** Gives the key a new secret; the old one is good for `overlapMs` more. */
  async rotate(idOrChannel: string, overlapMs: number): Promise<IssuedKey> {
    const before = await this.find(idOrChannel);
    if (before.revokedAtMs !== null) throw new StreamctlError('ACCESS_KEY_REVOKED', { keyId: before.id });
    const text = newSecretFor(before.id);
    const patch = {
      secretHash: this.options.pepper.hash(text.secret),
      last4: text.secret.slice(-4),
      previousHash: overlapMs > 0 ? before.secretHash : null,
      previousValidUntilMs: overlapMs > 0 ? this.options.clock.wallMs() + overlapMs : null,
    };
    const key = await this.change(before.id, patch, 'key.rotated', { overlap_ms: overlapMs });
    return { key, text: formatKeyText(text) };
  }

  /** Ends the key and, where a server runs, its broadcast. Revoking twice is no mistake. */
  async revoke(idOrChannel: string): Promise<KeyRow> {
    const before = await this.find(idOrChannel);
    if (before.revokedAtMs !== null) return before;
    return await this.change(before.id, { revokedAtMs: this.options.clock.wallMs() }, 'key.revoked', {});
  }

  async update(idOrChannel: string, patch: Pick<KeyPatch, 'expiresAtMs' | 'policy'>): Promise<KeyRow> {
    const { id } = await this.find(idOrChannel);
    return await this.change(id, patch, 'key.updated', {});
  }

  private async change(id: string, patch: KeyPatch, type: string, payload: Record<string, JsonValue>): Promise<KeyRow> {
    const key = await this.options.store.update(id, patch, this.event(type, { key_id: id, ...payload }));
    if (key === undefined) throw this.notFound(id);
    this.options.onChange?.(key);
    return key;
  }

  private event(type: string, payload: Record<string, JsonValue>): NewEvent {
    return { timeMs: this.options.clock.wallMs(), type, streamId: null, traceId: null, payload };
  }

  /** What was asked for may be a whole key, typed by mistake: only what may be an id or a channel is repeated. */
  private notFound(idOrChannel: string): StreamctlError {
    const id = idOrChannel.replace(/^(sk_[a-z2-7]{10})_.*$/s, '$1').slice(0, 63);
    return new StreamctlError('KEY_NOT_FOUND', { id });
  }
}
