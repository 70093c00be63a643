import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import type { EventType } from '../contract/event-types.ts';
import { isChannelName } from '../contract/names.ts';
import type { NewEvent } from '../store/ports/event-store.ts';
import type { JsonValue } from '../store/ports/json-value.ts';
import type { KeyPatch, KeyPolicy, KeyRow, KeyStore } from '../store/ports/key-store.ts';
import { type Actor, actedBy, localActor } from './actor.ts';
import type { DrawLetters } from './draw-letters.ts';
import { formatKeyText, newKeyText, newSecretFor } from './key-text.ts';
import type { Pepper } from './pepper.ts';

export interface NewKey {
  readonly channel: string;
  readonly expiresAtMs?: number | null | undefined;
  readonly policy?: KeyPolicy | undefined;
  /** Where the same letters are drawn again, the same key is answered again. */
  readonly draw?: DrawLetters | undefined;
}

/** What is to change, seeing the key as it is; called again when somebody else was quicker. What it throws ends the change. */
export type KeyChange = (before: KeyRow) => Pick<KeyPatch, 'expiresAtMs' | 'policy'>;

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

/** How often a change is tried when others change the same key at the same time. */
const maxAttempts = 10;

/** Everything that can be done with stream keys; each change is one event in the store, which says who did it. */
export class StreamKeys {
  private readonly options: StreamKeysOptions;
  private readonly actor: Actor;

  constructor(options: StreamKeysOptions, actor: Actor = localActor) {
    this.options = options;
    this.actor = actor;
  }

  /** The same keys, in the hands of `actor`. */
  by(actor: Actor): StreamKeys {
    return new StreamKeys(this.options, actor);
  }

  /** Throws ACCESS_CHANNEL_INVALID. A channel may have several keys. */
  async create({ channel, expiresAtMs = null, policy = {}, draw }: NewKey): Promise<IssuedKey> {
    if (!isChannelName(channel)) throw new StreamctlError('ACCESS_CHANNEL_INVALID', { channel: channel.slice(0, 80) });
    const { store, pepper, clock } = this.options;
    const text = newKeyText(draw);
    const before = draw && (await store.find(text.id));
    if (before?.secretHash === pepper.hash(text.secret)) return { key: before, text: formatKeyText(text) };
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

  /** Gives the key a new secret; the old one is good for `overlapMs` more. Throws ACCESS_KEY_REVOKED. */
  async rotate(idOrChannel: string, overlapMs: number, draw?: DrawLetters): Promise<IssuedKey> {
    const { id } = await this.find(idOrChannel);
    const text = newSecretFor(id, draw);
    const secretHash = this.options.pepper.hash(text.secret);
    const key = await this.change(id, 'key.rotated', { overlap_ms: overlapMs }, (before) => {
      if (before.secretHash === secretHash) return undefined;
      if (before.revokedAtMs !== null) throw new StreamctlError('ACCESS_KEY_REVOKED', { keyId: before.id });
      return {
        secretHash,
        last4: text.secret.slice(-4),
        previousHash: overlapMs > 0 ? before.secretHash : null,
        previousValidUntilMs: overlapMs > 0 ? this.options.clock.wallMs() + overlapMs : null,
      };
    });
    return { key, text: formatKeyText(text) };
  }

  /** Ends the key and, where a server runs, its broadcast. Revoking twice is no mistake. `check` may throw, seeing the key as it is. */
  async revoke(idOrChannel: string, check: (before: KeyRow) => void = () => {}): Promise<KeyRow> {
    return await this.change(idOrChannel, 'key.revoked', {}, (before) => {
      check(before);
      return before.revokedAtMs === null ? { revokedAtMs: this.options.clock.wallMs() } : undefined;
    });
  }

  async update(idOrChannel: string, change: KeyChange): Promise<KeyRow> {
    return await this.change(idOrChannel, 'key.updated', {}, change);
  }

  /** Changes the key as `decide` saw it, or not at all; where it decides on nothing, the key stays. Throws ACCESS_KEY_CONTENDED. */
  private async change(
    idOrChannel: string,
    type: EventType,
    payload: Record<string, JsonValue>,
    decide: (before: KeyRow) => KeyPatch | undefined,
  ): Promise<KeyRow> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const before = await this.find(idOrChannel);
      const patch = decide(before);
      if (patch === undefined) return before;
      const event = this.event(type, { key_id: before.id, ...payload });
      const key = await this.options.store.update(before.id, patch, event, decisive(before));
      if (key === undefined) continue;
      this.options.onChange?.(key);
      return key;
    }
    throw new StreamctlError('ACCESS_KEY_CONTENDED', { id: idOrChannel.slice(0, 63) });
  }

  private event(type: EventType, payload: Record<string, JsonValue>): NewEvent {
    const timeMs = this.options.clock.wallMs();
    return { timeMs, type, streamId: null, traceId: null, payload: { ...payload, ...actedBy(this.actor) } };
  }

  /** What was asked for may be a whole key, typed by mistake: only what may be an id or a channel is repeated. */
  private notFound(idOrChannel: string): StreamctlError {
    const id = idOrChannel.replace(/^(sk_[a-z2-7]{10})_.*$/s, '$1').slice(0, 63);
    return new StreamctlError('KEY_NOT_FOUND', { id });
  }
}

/** What a change may depend on. When the key was used last is none of it. */
function decisive({ secretHash, expiresAtMs, revokedAtMs, policy }: KeyRow): KeyPatch {
  return { secretHash, expiresAtMs, revokedAtMs, policy };
}
