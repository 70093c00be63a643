import * as z from 'zod';
import { findingView } from './finding.ts';
import { ladderView } from './ladder-view.ts';
import { streamStates } from './stream-state.ts';

/* What the API says and hears. Times are ISO 8601 in UTC, members are snake_case, null means "there is none". */

const time = z.string();
const optionalTime = z.string().nullable();

export const keyPolicyView = z.strictObject({
  max_bitrate_bps: z.int().positive().optional(),
  max_height: z.int().positive().optional(),
  ladder: z
    .array(z.string().regex(/^[a-z0-9]{1,16}$/))
    .max(16)
    .optional(),
  record: z.boolean().optional(),
  playback: z.enum(['public', 'signed']).optional(),
});

export const keyView = z.object({
  id: z.string(),
  channel: z.string(),
  /** What may be shown of the key: `sk_<id>`. */
  prefix: z.string(),
  last4: z.string(),
  created_at: time,
  expires_at: optionalTime,
  revoked_at: optionalTime,
  last_used_at: optionalTime,
  /** After a rotation: until when the secret before it is good too. */
  previous_valid_until: optionalTime,
  policy: keyPolicyView,
});
export type KeyView = z.output<typeof keyView>;

/** The only answer with the key in it. */
export const issuedKeyView = keyView.extend({
  key: z.string(),
  /** Server and key in one, as ffmpeg wants it. */
  ingest_url: z.string(),
  /** The server alone, as OBS wants it; the key goes into its own field. */
  ingest_server: z.string(),
  watch_url: z.string(),
  hls_url: z.string(),
  dash_url: z.string(),
});
export type IssuedKeyView = z.output<typeof issuedKeyView>;

export const createKeyRequest = z.strictObject({
  /** Checked by who makes the key, which says what a channel name is. */
  channel: z.string(),
  expires_at: z.iso.datetime({ offset: true }).nullish(),
  policy: keyPolicyView.optional(),
});
export type CreateKeyRequest = z.input<typeof createKeyRequest>;

export const updateKeyRequest = z.strictObject({
  expires_at: z.iso.datetime({ offset: true }).nullish(),
  policy: keyPolicyView.optional(),
});

export const rotateKeyRequest = z.strictObject({
  /** How long the old secret stays good: 24 hours when it is left out. */
  overlap_ms: z
    .int()
    .min(0)
    .max(31 * 86_400_000)
    .prefault(86_400_000),
});

export const renditionView = z.object({
  name: z.string(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  fps: z.number().nullable(),
  bitrate_bps: z.int(),
  codecs: z.string(),
});
export type RenditionView = z.output<typeof renditionView>;

export const ingestView = z.object({
  encoder: z.string(),
  remote_address: z.string(),
  connected_at: time,
  bitrate_bps: z.int(),
  frames: z.int(),
  dropped_frames: z.int(),
});

export const streamView = z.object({
  id: z.string(),
  channel: z.string(),
  key_id: z.string().nullable(),
  state: z.enum(streamStates as [string, ...string[]]),
  reason: z.string().nullable(),
  created_at: time,
  started_at: optionalTime,
  ended_at: optionalTime,
  interrupted_since: optionalTime,
  viewers: z.int(),
  renditions: z.array(renditionView),
  tracks: z.array(z.looseObject({ kind: z.string(), codec: z.string() })),
  /** Null while nobody publishes. */
  ingest: ingestView.nullable(),
  /** Null where nothing is to be transcoded, or nothing is live. */
  ladder: ladderView.nullable(),
  /** What was looked at, with what it means for viewers; empty while nobody publishes. */
  findings: z.array(findingView),
  /** Of the findings, those that viewers suffer from, as sentences. */
  warnings: z.array(z.string()),
  node: z.string(),
  playback: z.object({ hls: z.string(), hls_ts: z.string(), dash: z.string(), watch: z.string() }),
});
export type StreamView = z.output<typeof streamView>;

export const eventView = z.object({
  id: z.int(),
  time,
  type: z.string(),
  stream_id: z.string().nullable(),
  trace_id: z.string().nullable(),
  payload: z.record(z.string(), z.json()),
});
export type EventView = z.output<typeof eventView>;

export const statusView = z.object({
  version: z.string(),
  node: z.string(),
  pid: z.int(),
  started_at: time,
  uptime_seconds: z.number(),
  http_url: z.string(),
  rtmp_url: z.string(),
  streams: z.object({ active: z.int(), interrupted: z.int() }),
  publishers: z.int(),
  viewers: z.int(),
  requests_total: z.int(),
  memory: z.object({ rss_bytes: z.int(), heap_bytes: z.int(), external_bytes: z.int() }),
  warnings: z.array(z.string()),
});
export type StatusView = z.output<typeof statusView>;

const page = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });
export const keyPage = page(keyView);
export const streamPage = page(streamView);
export const eventPage = page(eventView);

export const listStreamsQuery = z.strictObject({
  state: z.enum(streamStates as ['PENDING_INGEST', 'ACTIVE', 'ENDED_GRACEFULLY', 'ERROR']).optional(),
  channel: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(1000).prefault(100),
  cursor: z.string().max(200).optional(),
});

export const listEventsQuery = z.strictObject({
  stream: z.string().max(64).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1000).prefault(100),
});

/** RFC 9457. */
export const problemView = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  remedy: z.string(),
});
export type ProblemView = z.output<typeof problemView>;
