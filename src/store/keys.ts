import type { Kysely, Selectable } from 'kysely';
import { insertEvent } from './events.ts';
import type { NewEvent } from './ports/event-store.ts';
import type { KeyPatch, KeyPolicy, KeyRow, KeyStore } from './ports/key-store.ts';
import { definedOnly } from './row.ts';
import type { Tables } from './schema.ts';

export class KeyTable implements KeyStore {
  private readonly db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.db = db;
  }

  async create(key: KeyRow, event: NewEvent): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('stream_keys')
        .values({
          id: key.id,
          channel: key.channel,
          secret_hash: key.secretHash,
          last4: key.last4,
          created_at: key.createdAtMs,
          expires_at: key.expiresAtMs,
          revoked_at: key.revokedAtMs,
          last_used_at: key.lastUsedAtMs,
          previous_hash: key.previousHash,
          previous_valid_until: key.previousValidUntilMs,
          policy_json: JSON.stringify(key.policy),
        })
        .execute();
      await insertEvent(tx, event);
    });
  }

  async list(): Promise<readonly KeyRow[]> {
    const rows = await this.db.selectFrom('stream_keys').selectAll().orderBy('created_at').orderBy('id').execute();
    return rows.map(toKey);
  }

  async find(id: string): Promise<KeyRow | undefined> {
    const row = await this.db.selectFrom('stream_keys').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : toKey(row);
  }

  async update(id: string, patch: KeyPatch, event?: NewEvent, expected: KeyPatch = {}): Promise<KeyRow | undefined> {
    return await this.db.transaction().execute(async (tx) => {
      let query = tx
        .updateTable('stream_keys')
        .set({ ...columnsOf(patch), id })
        .where('id', '=', id);
      for (const [column, value] of Object.entries(columnsOf(expected))) {
        query = query.where(column as keyof Tables['stream_keys'], value === null ? 'is' : '=', value);
      }
      const row = await query.returningAll().executeTakeFirst();
      if (row === undefined) return undefined;
      if (event !== undefined) await insertEvent(tx, event);
      return toKey(row);
    });
  }

  async touch(id: string, lastUsedAtMs: number): Promise<void> {
    await this.db.updateTable('stream_keys').set({ last_used_at: lastUsedAtMs }).where('id', '=', id).execute();
  }
}

function columnsOf(patch: KeyPatch) {
  return definedOnly({
    secret_hash: patch.secretHash,
    last4: patch.last4,
    expires_at: patch.expiresAtMs,
    revoked_at: patch.revokedAtMs,
    last_used_at: patch.lastUsedAtMs,
    previous_hash: patch.previousHash,
    previous_valid_until: patch.previousValidUntilMs,
    policy_json: patch.policy === undefined ? undefined : JSON.stringify(patch.policy),
  });
}

function toKey(row: Selectable<Tables['stream_keys']>): KeyRow {
  return {
    id: row.id,
    channel: row.channel,
    secretHash: row.secret_hash,
    last4: row.last4,
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at,
    revokedAtMs: row.revoked_at,
    lastUsedAtMs: row.last_used_at,
    previousHash: row.previous_hash,
    previousValidUntilMs: row.previous_valid_until,
    policy: JSON.parse(row.policy_json) as KeyPolicy,
  };
}
