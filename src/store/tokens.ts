import type { Kysely, Selectable } from 'kysely';
import { insertEvent } from './events.ts';
import type { NewEvent } from './ports/event-store.ts';
import type { TokenPatch, TokenRow, TokenStore } from './ports/token-store.ts';
import { definedOnly } from './row.ts';
import type { Tables } from './schema.ts';

export class TokenTable implements TokenStore {
  private readonly db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.db = db;
  }

  async create(token: TokenRow, event: NewEvent): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('api_tokens')
        .values({
          id: token.id,
          name: token.name,
          secret_hash: token.secretHash,
          last4: token.last4,
          scopes_json: JSON.stringify(token.scopes),
          created_at: token.createdAtMs,
          expires_at: token.expiresAtMs,
          revoked_at: token.revokedAtMs,
          last_used_at: token.lastUsedAtMs,
        })
        .execute();
      await insertEvent(tx, event);
    });
  }

  async list(): Promise<readonly TokenRow[]> {
    const rows = await this.db.selectFrom('api_tokens').selectAll().orderBy('created_at').orderBy('id').execute();
    return rows.map(toToken);
  }

  async find(id: string): Promise<TokenRow | undefined> {
    const row = await this.db.selectFrom('api_tokens').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : toToken(row);
  }

  async update(id: string, patch: TokenPatch, event?: NewEvent): Promise<TokenRow | undefined> {
    return await this.db.transaction().execute(async (tx) => {
      const columns = definedOnly({ revoked_at: patch.revokedAtMs, last_used_at: patch.lastUsedAtMs });
      const row = await tx
        .updateTable('api_tokens')
        .set({ ...columns, id })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) return undefined;
      if (event !== undefined) await insertEvent(tx, event);
      return toToken(row);
    });
  }
}

function toToken(row: Selectable<Tables['api_tokens']>): TokenRow {
  return {
    id: row.id,
    name: row.name,
    secretHash: row.secret_hash,
    last4: row.last4,
    scopes: JSON.parse(row.scopes_json) as string[],
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at,
    revokedAtMs: row.revoked_at,
    lastUsedAtMs: row.last_used_at,
  };
}
