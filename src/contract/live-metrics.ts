import * as z from 'zod';
import { ladderView } from './ladder-view.ts';
import { type StreamState, streamStates } from './stream-state.ts';
import { renditionView } from './streams.ts';
import { utcTime, utcTimeOrNull } from './time.ts';

/* What is told of running broadcasts once a second: over WebSockets, in `GET /metrics/:stream_id`, to the dashboards. */

const count = z.int().min(0);

/** Milliseconds; null where nothing was measured. */
export const percentiles = z.object({ p50: z.number().nullable(), p95: z.number().nullable() });
export type Percentiles = z.output<typeof percentiles>;

/** What arrives from the publisher. */
export const ingestMetrics = z.object({
  encoder: z.string(),
  bitrate_bps: count,
  fps: z.number(),
  /** So far. */
  frames: count,
  dropped_frames: count,
  /** Of the last keyframes. */
  keyframe_interval_ms: z.number().nullable(),
  /** By how much sound is ahead of the picture, against how it began. */
  av_drift_ms: z.number().nullable(),
  /** How unevenly frames arrive: mean deviation from their timestamps. */
  jitter_ms: z.number().nullable(),
});

/** How long media takes through the server, from when a frame was taken in from its publisher. */
const latencyMetrics = z.object({
  /** To the part that holds it. */
  part: percentiles,
  /** To the playlist that lists it. */
  listed: percentiles,
  /** To the first viewer's socket. */
  delivered: percentiles,
});

/** How viewers fare, over the last five minutes. */
export const qoeMetrics = z.object({
  sessions: count,
  startup_ms: percentiles,
  /** Of the time that was watched and stood still, the share that stood still. */
  rebuffer_ratio: z.number().nullable(),
  latency_ms: percentiles,
  bitrate_bps: percentiles,
});
export type QoeMetrics = z.output<typeof qoeMetrics>;

export const streamMetrics = z.object({
  stream_id: z.string(),
  channel: z.string(),
  state: z.enum(streamStates as [StreamState, ...StreamState[]]),
  started_at: utcTimeOrNull,
  interrupted_since: utcTimeOrNull,
  viewers: count,
  /** To viewers. */
  bitrate_out_bps: count,
  /** Null while nobody publishes. */
  ingest: ingestMetrics.nullable(),
  latency_ms: latencyMetrics,
  ladder: ladderView.nullable(),
  renditions: z.array(renditionView.extend({ viewers: count })),
  qoe: qoeMetrics,
  /** In a word: whether viewers get what they should. */
  health: z.enum(['good', 'fair', 'poor']),
  /** Sentences behind that word; empty where it is good. */
  warnings: z.array(z.string()),
});
export type StreamMetrics = z.output<typeof streamMetrics>;

export const nodeMetrics = z.object({
  node: z.string(),
  version: z.string(),
  started_at: utcTime,
  uptime_seconds: z.number(),
  viewers: count,
  publishers: count,
  bitrate_in_bps: count,
  bitrate_out_bps: count,
  /** Cores that the server and its ffmpegs use. */
  cpu_cores: z.number(),
  rss_bytes: count,
  warnings: z.array(z.string()),
  streams: z.array(streamMetrics),
});
export type NodeMetrics = z.output<typeof nodeMetrics>;

/** To everybody who may watch the channel. */
export const publicMetrics = streamMetrics.pick({
  stream_id: true,
  channel: true,
  state: true,
  interrupted_since: true,
  viewers: true,
});

/**
 * A message of `/ws/stream/:stream_id` and `/ws/metrics`. `seq` grows by one with each that was meant for the connection: a step
 * over numbers tells that snapshots were left out for a slow reader. Notifications are never left out without `lost` telling.
 */
const liveMessageTypes = [
  /** All there is now: on connection, then once a second. `data` is the stream's metrics, the node's, or the public part. */
  'snapshot',
  /** The stream is in another state; `data` is { state, reason }. */
  'state',
  /** The publisher was lost or came back; `data` is { interrupted_since, why }. */
  'interruption',
  /** What is offered has changed; `data` is { rung, state, why }. */
  'quality',
  /** A key of the channel was changed; `data` is the event's. */
  'key',
  /** Any other event of the stream or node. */
  'event',
  /** Notifications that could not be kept for this reader; `data` is { count }. */
  'lost',
] as const;
export type LiveMessageType = (typeof liveMessageTypes)[number];

export const liveMessage = z.object({
  type: z.enum(liveMessageTypes),
  seq: z.int().positive(),
  time: utcTime,
  /** Null for what concerns the whole node. */
  stream_id: z.string().nullable(),
  data: z.record(z.string(), z.json()),
});
export type LiveMessage = z.output<typeof liveMessage>;
