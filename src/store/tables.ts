import type { Kysely } from 'kysely';
import { EventTable } from './events.ts';
import { IdempotencyTable } from './idempotency.ts';
import { KeyTable } from './keys.ts';
import { MinuteTable } from './minutes.ts';
import { OutboxTable } from './outbox.ts';
import type { Store } from './ports/store.ts';
import type { Tables } from './schema.ts';
import { SessionTable } from './sessions.ts';
import { StreamTable } from './streams.ts';
import { TokenTable } from './tokens.ts';

/** The ports of the store, over the tables of a database. */
export function storeTables(db: Kysely<Tables>): Omit<Store, 'status' | 'backup' | 'close'> {
  return {
    keys: new KeyTable(db),
    streams: new StreamTable(db),
    events: new EventTable(db),
    tokens: new TokenTable(db),
    idempotency: new IdempotencyTable(db),
    outbox: new OutboxTable(db),
    sessions: new SessionTable(db),
    minutes: new MinuteTable(db),
  };
}
