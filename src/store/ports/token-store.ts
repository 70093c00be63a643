import type { NewEvent } from './event-store.ts';

/** A token of the API, never its secret. */
export interface TokenRow {
  readonly id: string;
  readonly name: string;
  /** HMAC-SHA-256 of the secret under the pepper, hex. */
  readonly secretHash: string;
  /** The last four characters of the secret, for recognition. */
  readonly last4: string;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

export type TokenPatch = Partial<Pick<TokenRow, 'revokedAtMs' | 'lastUsedAtMs'>>;

export interface TokenStore {
  create(token: TokenRow, event: NewEvent): Promise<void>;
  /** Oldest first; revoked tokens too. */
  list(): Promise<readonly TokenRow[]>;
  find(id: string): Promise<TokenRow | undefined>;
  /** The token as it is now; undefined when there is none of that id. */
  update(id: string, patch: TokenPatch, event?: NewEvent): Promise<TokenRow | undefined>;
}
