import { StreamctlError } from '../base/errors.ts';
import type { TokenRow, TokenStore } from '../store/ports/token-store.ts';
import { parseTokenText } from './key-text.ts';
import type { Pepper } from './pepper.ts';

export type TokenVerdict = { readonly token: TokenRow } | { readonly error: StreamctlError };

export interface TokenRingOptions {
  readonly store: Pick<TokenStore, 'list'>;
  readonly pepper: Pepper;
  /** Hears, at most once a minute for each token, when it was used; what it does must not throw. */
  readonly onUsed?: (tokenId: string, atMs: number) => void;
}

/** How old what is known of a token's last use may become before it is told again. */
const usedAgainMs = 60_000;

/** The tokens of the API in memory: who asks is known without asking the store. */
export class TokenRing {
  private readonly options: TokenRingOptions;
  private readonly dummyHash: string;
  private tokens = new Map<string, TokenRow>();

  constructor(options: TokenRingOptions) {
    this.options = options;
    this.dummyHash = options.pepper.hash('');
  }

  /** Takes over what the store has. */
  async refresh(): Promise<void> {
    const rows = await this.options.store.list();
    this.tokens = new Map(rows.map((row) => [row.id, withLatestUse(row, this.tokens.get(row.id))]));
  }

  /** Takes over one token that was just created or changed. */
  replace(token: TokenRow): void {
    this.tokens.set(token.id, token);
  }

  /** Whether `text` is a token that is good now. Why not is told only to who holds the secret. */
  check(text: string, nowMs: number): TokenVerdict {
    const parsed = parseTokenText(text);
    const token = parsed === undefined ? undefined : this.tokens.get(parsed.id);
    // The same work is done for every guess, so that time tells nothing about which ids exist.
    const isSecret = this.options.pepper.matches(parsed?.secret ?? '', token?.secretHash ?? this.dummyHash);
    if (token === undefined || !isSecret) return { error: new StreamctlError('ACCESS_TOKEN_UNKNOWN', {}) };
    if (token.revokedAtMs !== null) return { error: new StreamctlError('ACCESS_TOKEN_REVOKED', { id: token.id }) };
    if (token.expiresAtMs !== null && nowMs >= token.expiresAtMs) {
      return { error: new StreamctlError('ACCESS_TOKEN_EXPIRED', { id: token.id }) };
    }
    this.noteUse(token, nowMs);
    return { token };
  }

  private noteUse(token: TokenRow, nowMs: number): void {
    if (token.lastUsedAtMs !== null && nowMs - token.lastUsedAtMs < usedAgainMs) return;
    this.tokens.set(token.id, { ...token, lastUsedAtMs: nowMs });
    this.options.onUsed?.(token.id, nowMs);
  }
}

/** The store may not know yet what was told of a token's use. */
function withLatestUse(row: TokenRow, known: TokenRow | undefined): TokenRow {
  const lastUsedAtMs = Math.max(row.lastUsedAtMs ?? 0, known?.lastUsedAtMs ?? 0);
  return lastUsedAtMs === 0 ? row : { ...row, lastUsedAtMs };
}
