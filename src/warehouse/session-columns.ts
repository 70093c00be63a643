import type { SessionRow } from '../store/ports/session-store.ts';
import { dayOf } from './clickhouse-schema.ts';

/** Columns of `sessions` that make a session again. Numbers of 64 bits come from ClickHouse as text. */
export interface SessionColumns {
  readonly id: string;
  readonly stream_id: string;
  readonly session_key: string;
  readonly node: string;
  readonly started_at: number | string;
  readonly seen_at: number | string;
  readonly ended_at: number | string;
  readonly startup_ms: number | string | null;
  readonly startup_source: string;
  readonly watch_ms: number | string;
  readonly stalls: number | string | null;
  readonly stall_ms: number | string | null;
  readonly qualities_json: string;
  readonly latency_ms: number | string | null;
  readonly errors: number | string;
  readonly player: string;
  readonly network: string;
  readonly country: string;
  readonly format: string;
  readonly bytes: number | string;
  readonly total_frames: number | string | null;
  readonly dropped_frames: number | string | null;
}

export const sessionColumns: readonly (keyof SessionColumns)[] = [
  ...(['id', 'stream_id', 'session_key', 'node', 'started_at', 'seen_at', 'ended_at', 'startup_ms'] as const),
  ...(['startup_source', 'watch_ms', 'stalls', 'stall_ms', 'qualities_json', 'latency_ms', 'errors'] as const),
  ...(['player', 'network', 'country', 'format', 'bytes', 'total_frames', 'dropped_frames'] as const),
];

/** A row of `sessions`, as a line of JSON. The session has ended. */
export function sessionLine(row: SessionRow, channel: string, batch: string): string {
  const endedAtMs = row.endedAtMs ?? row.seenAtMs;
  const columns: SessionColumns = {
    id: row.id,
    stream_id: row.streamId,
    session_key: row.key,
    node: row.node,
    started_at: row.startedAtMs,
    seen_at: row.seenAtMs,
    ended_at: endedAtMs,
    startup_ms: row.startupMs,
    startup_source: row.startupSource ?? '',
    watch_ms: row.watchMs,
    stalls: row.stalls,
    stall_ms: row.stallMs,
    qualities_json: JSON.stringify(row.qualities),
    latency_ms: row.latencyMs,
    errors: row.errors,
    player: row.player,
    network: row.network,
    country: row.country,
    format: row.format ?? '',
    bytes: row.bytes,
    total_frames: row.totalFrames,
    dropped_frames: row.droppedFrames,
  };
  const last_quality = row.qualities.at(-1)?.rendition ?? '';
  return `${JSON.stringify({ day: dayOf(endedAtMs), batch, channel, last_quality, ...columns })}\n`;
}

export function sessionOf(columns: SessionColumns): SessionRow {
  const optional = (value: number | string | null) => (value === null ? null : Number(value));
  return {
    id: columns.id,
    streamId: columns.stream_id,
    key: columns.session_key,
    node: columns.node,
    startedAtMs: Number(columns.started_at),
    seenAtMs: Number(columns.seen_at),
    endedAtMs: Number(columns.ended_at),
    startupMs: optional(columns.startup_ms),
    startupSource: columns.startup_source === '' ? null : (columns.startup_source as SessionRow['startupSource']),
    watchMs: Number(columns.watch_ms),
    stalls: optional(columns.stalls),
    stallMs: optional(columns.stall_ms),
    qualities: JSON.parse(columns.qualities_json) as SessionRow['qualities'],
    latencyMs: optional(columns.latency_ms),
    errors: Number(columns.errors),
    player: columns.player,
    network: columns.network,
    country: columns.country,
    format: columns.format === '' ? null : (columns.format as SessionRow['format']),
    bytes: Number(columns.bytes),
    totalFrames: optional(columns.total_frames),
    droppedFrames: optional(columns.dropped_frames),
  };
}
