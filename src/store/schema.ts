import type { Generated } from 'kysely';
import type { StreamEndReason, StreamState } from '../contract/stream-state.ts';
import type { StartupSource } from './ports/session-store.ts';

/** The tables as they are after all migrations. Times are ms since the epoch; columns named `*_json` hold JSON text. */
export interface Tables {
  stream_keys: {
    id: string;
    channel: string;
    secret_hash: string;
    last4: string;
    created_at: number;
    expires_at: number | null;
    revoked_at: number | null;
    last_used_at: number | null;
    previous_hash: string | null;
    previous_valid_until: number | null;
    policy_json: string;
  };
  streams: {
    id: string;
    channel: string;
    key_id: string | null;
    state: StreamState;
    reason: StreamEndReason | null;
    created_at: number;
    started_at: number | null;
    ended_at: number | null;
    interrupted_since: number | null;
    tracks_json: string;
    ladder_json: string;
    node: string;
    continuity_json: string;
    trace_id: string | null;
  };
  events: {
    id: Generated<number>;
    time: number;
    type: string;
    stream_id: string | null;
    trace_id: string | null;
    payload_json: string;
  };
  api_tokens: {
    id: string;
    name: string;
    secret_hash: string;
    last4: string;
    scopes_json: string;
    created_at: number;
    expires_at: number | null;
    revoked_at: number | null;
    last_used_at: number | null;
  };
  idempotent_requests: {
    id: string;
    request_hash: string;
    created_at: number;
    /** Null while the request is under way. */
    answer: string | null;
  };
  event_sinks: {
    id: string;
    last_event_id: number;
    holder: string | null;
    held_until: number;
  };
  viewer_sessions: {
    id: string;
    stream_id: string;
    session_key: string;
    node: string;
    started_at: number;
    seen_at: number;
    /** Null while it goes on. */
    ended_at: number | null;
    startup_ms: number | null;
    startup_source: StartupSource | null;
    watch_ms: number;
    stalls: number | null;
    stall_ms: number | null;
    qualities_json: string;
    latency_ms: number | null;
    errors: number;
    player: string;
    network: string;
    country: string;
    format: 'hls' | 'dash' | null;
    bytes: number;
    total_frames: number | null;
    dropped_frames: number | null;
  };
  stream_minutes: {
    stream_id: string;
    minute_at: number;
    viewers: number;
    viewers_peak: number;
    bitrate_in_bps: number;
    bitrate_out_bps: number;
    fps: number;
    frames: number;
    dropped_frames: number;
    latency_p50_ms: number | null;
    latency_p95_ms: number | null;
    rebuffer_ratio: number | null;
  };
  dead_letters: {
    sink_id: string;
    event_id: number;
    attempts: number;
    error: string;
    buried_at: number;
  };
}
