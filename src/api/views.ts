import type { IssuedKey } from '../access/stream-keys.ts';
import type { EventView } from '../contract/events.ts';
import type { FindingView } from '../contract/finding.ts';
import type { IssuedKeyView, KeyView } from '../contract/keys.ts';
import type { PublicUrls } from '../contract/public-urls.ts';
import type { StreamView } from '../contract/streams.ts';
import { describeFinding } from '../doctor/broadcast/finding-texts.ts';
import type { EventRow } from '../store/ports/event-store.ts';
import type { KeyRow } from '../store/ports/key-store.ts';
import type { StreamRow } from '../store/ports/stream-store.ts';
import type { LiveStreamView } from './live-control.ts';

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function isoOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : isoTime(ms);
}

/** A key without its hashes. */
export function keyViewOf(key: KeyRow): KeyView {
  const { maxBitrateBps, maxHeightPixels, codecs, ladder, record, playback } = key.policy;
  return {
    id: key.id,
    channel: key.channel,
    prefix: `sk_${key.id}`,
    last4: key.last4,
    created_at: isoTime(key.createdAtMs),
    expires_at: isoOrNull(key.expiresAtMs),
    revoked_at: isoOrNull(key.revokedAtMs),
    last_used_at: isoOrNull(key.lastUsedAtMs),
    previous_valid_until: isoOrNull(key.previousValidUntilMs),
    policy: {
      max_bitrate_bps: maxBitrateBps,
      max_height: maxHeightPixels,
      codecs: codecs === undefined ? undefined : [...codecs],
      ladder: ladder === undefined ? undefined : [...ladder],
      record,
      playback,
    },
  };
}

export function issuedKeyViewOf({ key, text }: IssuedKey, urls: PublicUrls): IssuedKeyView {
  const { hls, dash, watch } = urls.playback(key.channel);
  return {
    ...keyViewOf(key),
    key: text,
    ingest_url: `${urls.rtmp}/${text}`,
    ingest_server: urls.rtmp,
    watch_url: watch,
    hls_url: hls,
    dash_url: dash,
  };
}

/** How this server takes broadcasts, as far as it is shown. */
export interface BroadcastTerms {
  readonly urls: PublicUrls;
  /** `rtmp.pending_timeout`. */
  readonly pendingTimeoutMs: number;
}

/** A stream as the store knows it, with what is live added. */
export function streamViewOf(
  row: StreamRow,
  live: LiveStreamView | undefined,
  { urls, pendingTimeoutMs }: BroadcastTerms,
): StreamView {
  const { ingest } = live ?? {};
  const findings = (live?.findings ?? []).map(describeFinding);
  return {
    id: row.id,
    channel: row.channel,
    key_id: row.keyId,
    state: row.state,
    reason: row.reason,
    created_at: isoTime(row.createdAtMs),
    started_at: isoOrNull(row.startedAtMs),
    ended_at: isoOrNull(row.endedAtMs),
    pending_until: row.state === 'PENDING_INGEST' ? isoTime(row.createdAtMs + pendingTimeoutMs) : null,
    interrupted_since: isoOrNull(live === undefined ? row.interruptedSinceMs : live.interruptedSinceMs),
    viewers: live?.viewers ?? 0,
    renditions: [...(live?.renditions ?? [])],
    tracks: row.tracks.map((track) => ({ ...track })),
    ingest_server: urls.rtmp,
    ingest:
      ingest === undefined
        ? null
        : {
            encoder: ingest.encoder,
            remote_address: ingest.remoteAddress,
            connected_at: isoTime(ingest.connectedAtMs),
            bitrate_bps: ingest.bitrateBps,
            frames: ingest.frames,
            dropped_frames: ingest.dropped,
          },
    ladder: live?.ladder ?? null,
    findings,
    warnings: findings.filter(isWarning).map(sentenceOf),
    node: row.node,
    trace_id: row.traceId,
    // The link to watch stays good for the channel's next stream; media belongs to this one.
    playback: { ...urls.playback(row.id), watch: urls.playback(row.channel).watch },
  };
}

/** Whether viewers suffer from it. */
export function isWarning({ severity }: FindingView): boolean {
  return severity === 'warning' || severity === 'problem';
}

export function sentenceOf({ found, means, remedy }: FindingView): string {
  return [found, means, remedy].filter((part) => part !== '').join(' ');
}

export function eventViewOf(event: EventRow): EventView {
  return {
    id: event.id,
    time: isoTime(event.timeMs),
    type: event.type,
    stream_id: event.streamId,
    trace_id: event.traceId,
    payload: event.payload as EventView['payload'],
  };
}
