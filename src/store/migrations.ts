import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { isPostgres } from './dialect.ts';

/** Every step from an empty store to today's tables, in order of name. Forward only: a step that was released never changes. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-first-light': { up: firstLight },
  '0002-control-plane': { up: controlPlane },
  '0003-viewers': { up: viewers },
  '0004-minutes': { up: minutes },
  '0005-unknown-stalls': { up: unknownStalls },
};

async function firstLight(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('stream_keys')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('channel', 'text', (column) => column.notNull())
    .addColumn('secret_hash', 'text', (column) => column.notNull())
    .addColumn('last4', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .addColumn('previous_hash', 'text')
    .addColumn('previous_valid_until', 'bigint')
    .addColumn('policy_json', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('stream_keys_by_channel').on('stream_keys').column('channel').execute();
  await db.schema
    .createTable('streams')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('channel', 'text', (column) => column.notNull())
    // No foreign key: the history of a stream outlives its key.
    .addColumn('key_id', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('started_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('interrupted_since', 'bigint')
    .addColumn('tracks_json', 'text', (column) => column.notNull())
    .addColumn('ladder_json', 'text', (column) => column.notNull())
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('continuity_json', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('streams_by_channel').on('streams').columns(['channel', 'created_at']).execute();
  await db.schema.createIndex('streams_by_time').on('streams').columns(['created_at', 'id']).execute();
  await db.schema.createIndex('streams_by_state').on('streams').column('state').execute();
  await db.schema
    .createTable('events')
    .$call((table) =>
      isPostgres(db)
        ? table.addColumn('id', 'bigint', (column) => column.primaryKey().generatedByDefaultAsIdentity())
        : table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement().notNull()),
    )
    .addColumn('time', 'bigint', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('stream_id', 'text', (column) => column.references('streams.id'))
    .addColumn('trace_id', 'text')
    .addColumn('payload_json', 'text', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('events_by_stream').on('events').columns(['stream_id', 'id']).execute();
}

async function controlPlane(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('streams').addColumn('trace_id', 'text').execute();
  await db.schema
    .createTable('api_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('secret_hash', 'text', (column) => column.notNull())
    .addColumn('last4', 'text', (column) => column.notNull())
    .addColumn('scopes_json', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .execute();
  await db.schema
    .createTable('idempotent_requests')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('request_hash', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('answer', 'text')
    .execute();
  await db.schema.createIndex('idempotent_requests_by_time').on('idempotent_requests').column('created_at').execute();
  await db.schema
    .createTable('event_sinks')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('last_event_id', 'bigint', (column) => column.notNull())
    .addColumn('holder', 'text')
    .addColumn('held_until', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('dead_letters')
    .addColumn('sink_id', 'text', (column) => column.notNull())
    .addColumn('event_id', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('error', 'text', (column) => column.notNull())
    .addColumn('buried_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('dead_letters_pk', ['sink_id', 'event_id'])
    .execute();
}

async function viewers(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('viewer_sessions')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    // No foreign key: a viewer may be heard of before the store knows the stream.
    .addColumn('stream_id', 'text', (column) => column.notNull())
    .addColumn('session_key', 'text', (column) => column.notNull())
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('seen_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('startup_ms', 'integer')
    .addColumn('startup_source', 'text')
    .addColumn('watch_ms', 'bigint', (column) => column.notNull())
    .addColumn('stalls', 'integer', (column) => column.notNull())
    .addColumn('stall_ms', 'bigint', (column) => column.notNull())
    .addColumn('qualities_json', 'text', (column) => column.notNull())
    .addColumn('latency_ms', 'integer')
    .addColumn('errors', 'integer', (column) => column.notNull())
    .addColumn('player', 'text', (column) => column.notNull())
    .addColumn('network', 'text', (column) => column.notNull())
    .addColumn('country', 'text', (column) => column.notNull())
    .addColumn('format', 'text')
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .addColumn('total_frames', 'bigint')
    .addColumn('dropped_frames', 'bigint')
    .execute();
  const index = (name: string) => db.schema.createIndex(`viewer_sessions_${name}`).on('viewer_sessions');
  await index('by_stream').columns(['stream_id', 'started_at', 'id']).execute();
  await index('by_end').columns(['ended_at', 'node']).execute();
  // Of the last minutes of a stream that hundreds of thousands have watched, not all of them are to be read.
  await index('by_stream_end').columns(['stream_id', 'ended_at']).execute();
}

async function minutes(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('stream_minutes')
    .addColumn('stream_id', 'text', (column) => column.notNull())
    .addColumn('minute_at', 'bigint', (column) => column.notNull())
    .addColumn('viewers', 'double precision', (column) => column.notNull())
    .addColumn('viewers_peak', 'integer', (column) => column.notNull())
    .addColumn('bitrate_in_bps', 'bigint', (column) => column.notNull())
    .addColumn('bitrate_out_bps', 'bigint', (column) => column.notNull())
    .addColumn('fps', 'double precision', (column) => column.notNull())
    .addColumn('frames', 'bigint', (column) => column.notNull())
    .addColumn('dropped_frames', 'bigint', (column) => column.notNull())
    .addColumn('latency_p50_ms', 'integer')
    .addColumn('latency_p95_ms', 'integer')
    .addColumn('rebuffer_ratio', 'double precision')
    .addPrimaryKeyConstraint('stream_minutes_pk', ['stream_id', 'minute_at'])
    .execute();
  await db.schema.createIndex('stream_minutes_by_time').on('stream_minutes').column('minute_at').execute();
}

/** Of viewers that said nothing of themselves no stalls were written, where nothing was known of them. */
async function unknownStalls(db: Kysely<unknown>): Promise<void> {
  const table = db.schema.alterTable('viewer_sessions');
  if (isPostgres(db)) {
    await table
      .alterColumn('stalls', (column) => column.dropNotNull())
      .alterColumn('stall_ms', (column) => column.dropNotNull())
      .execute();
  } else {
    // SQLite cannot take away what a column must be.
    await table.renameColumn('stalls', 'stalls_before').execute();
    await table.renameColumn('stall_ms', 'stall_ms_before').execute();
    await table.addColumn('stalls', 'integer').execute();
    await table.addColumn('stall_ms', 'bigint').execute();
    await sql`update viewer_sessions set stalls = stalls_before, stall_ms = stall_ms_before`.execute(db);
    await table.dropColumn('stalls_before').execute();
    await table.dropColumn('stall_ms_before').execute();
  }
  await sql`update viewer_sessions set stalls = null, stall_ms = null where session_key like 'a %'`.execute(db);
}
