import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import type { EventType } from '../contract/event-types.ts';
import type { Scope } from '../contract/scopes.ts';
import type { NewEvent } from '../store/ports/event-store.ts';
import type { JsonValue } from '../store/ports/json-value.ts';
import type { TokenRow, TokenStore } from '../store/ports/token-store.ts';
import { type Actor, actedBy, localActor } from './actor.ts';
import type { DrawLetters } from './draw-letters.ts';
import { formatTokenText, newKeyText } from './key-text.ts';
import type { Pepper } from './pepper.ts';

export interface NewToken {
  /** What it is for, in people's words. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAtMs?: number | null | undefined;
  /** Where the same letters are drawn again, the same token is answered again. */
  readonly draw?: DrawLetters | undefined;
}

/** A token with its text, which exists only in this answer. */
export interface IssuedToken {
  readonly token: TokenRow;
  readonly text: string;
}

export interface ApiTokensOptions {
  readonly store: TokenStore;
  readonly pepper: Pepper;
  readonly clock: Clock;
  /** Hears of every token that was created or revoked. */
  readonly onChange?: (token: TokenRow) => void;
}

/** Everything that can be done with tokens of the API; each change is one event in the store, which says who did it. */
export class ApiTokens {
  private readonly options: ApiTokensOptions;
  private readonly actor: Actor;

  constructor(options: ApiTokensOptions, actor: Actor = localActor) {
    this.options = options;
    this.actor = actor;
  }

  /** The same tokens, in the hands of `actor`. */
  by(actor: Actor): ApiTokens {
    return new ApiTokens(this.options, actor);
  }

  /** `keep` gets the text before the token is good: what it throws leaves nothing behind. */
  async create(
    { name, scopes, expiresAtMs = null, draw }: NewToken,
    keep?: (text: string) => void,
  ): Promise<IssuedToken> {
    const { store, pepper, clock } = this.options;
    const text = newKeyText(draw);
    const before = draw && (await store.find(text.id));
    if (before?.secretHash === pepper.hash(text.secret)) return { token: before, text: formatTokenText(text) };
    const token: TokenRow = {
      id: text.id,
      name,
      secretHash: pepper.hash(text.secret),
      last4: text.secret.slice(-4),
      scopes: [...new Set(scopes)],
      createdAtMs: clock.wallMs(),
      expiresAtMs,
      revokedAtMs: null,
      lastUsedAtMs: null,
    };
    keep?.(formatTokenText(text));
    await store.create(token, this.event('token.created', { token_id: token.id, name, scopes: token.scopes }));
    this.options.onChange?.(token);
    return { token, text: formatTokenText(text) };
  }

  /** Oldest first, revoked ones too. */
  async list(): Promise<readonly TokenRow[]> {
    return await this.options.store.list();
  }

  /** By id, with or without `pat_`, or by a name that one valid token only has. Throws TOKEN_NOT_FOUND. */
  async find(idOrName: string): Promise<TokenRow> {
    const byId = await this.options.store.find(idOrName.replace(/^pat_/, '').slice(0, 10));
    if (byId !== undefined) return byId;
    const named = (await this.list()).filter(({ name }) => name === idOrName);
    const valid = named.filter(({ revokedAtMs }) => revokedAtMs === null);
    const [only, ...others] = valid.length > 0 ? valid : named;
    if (only === undefined || others.length > 0) throw notFound(idOrName);
    return only;
  }

  /** Ends the token. Revoking twice is no mistake. */
  async revoke(idOrName: string): Promise<TokenRow> {
    const before = await this.find(idOrName);
    if (before.revokedAtMs !== null) return before;
    const { store, clock } = this.options;
    const event = this.event('token.revoked', { token_id: before.id, name: before.name });
    const token = await store.update(before.id, { revokedAtMs: clock.wallMs() }, event);
    if (token === undefined) throw notFound(idOrName);
    this.options.onChange?.(token);
    return token;
  }

  private event(type: EventType, payload: Record<string, JsonValue>): NewEvent {
    const timeMs = this.options.clock.wallMs();
    return { timeMs, type, streamId: null, traceId: null, payload: { ...payload, ...actedBy(this.actor) } };
  }
}

/** What was asked for may be a whole token, typed by mistake: only what may be an id or a name is repeated. */
function notFound(idOrName: string): StreamctlError {
  const id = idOrName.replace(/^(pat_[a-z2-7]{10})_.*$/s, '$1').slice(0, 64);
  return new StreamctlError('TOKEN_NOT_FOUND', { id });
}
