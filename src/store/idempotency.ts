import type { Kysely } from 'kysely';
import type { IdempotencyStore, IdempotentRequest } from './ports/idempotency-store.ts';
import type { Tables } from './schema.ts';

export class IdempotencyTable implements IdempotencyStore {
  private readonly db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.db = db;
  }

  async begin(request: Omit<IdempotentRequest, 'answer'>): Promise<IdempotentRequest | undefined> {
    const { id, requestHash, createdAtMs } = request;
    const inserted = await this.db
      .insertInto('idempotent_requests')
      .values({ id, request_hash: requestHash, created_at: createdAtMs, answer: null })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (inserted !== undefined) return undefined;
    const row = await this.db.selectFrom('idempotent_requests').selectAll().where('id', '=', id).executeTakeFirst();
    // Abandoned between the two statements: the next attempt will do.
    return row && { id, requestHash: row.request_hash, createdAtMs: row.created_at, answer: row.answer };
  }

  async finish(id: string, answer: string): Promise<void> {
    await this.db.updateTable('idempotent_requests').set({ answer }).where('id', '=', id).execute();
  }

  async abandon(id: string): Promise<void> {
    await this.db
      .updateTable('idempotent_requests')
      .set({ answer: '' })
      .where('id', '=', id)
      .where('answer', 'is', null)
      .execute();
  }

  async prune(beforeMs: number): Promise<void> {
    await this.db.deleteFrom('idempotent_requests').where('created_at', '<', beforeMs).execute();
  }
}
