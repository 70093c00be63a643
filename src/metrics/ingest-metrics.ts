import type { ServiceLevelFigures } from '../pipeline/service-levels.ts';
import { histogram, type Metric, media, metric, one, type PlainMetric, type Reading } from './metric.ts';

/** Publishers, and how soon and how reliably what they send is there for viewers. */
export const ingestMetrics: readonly Metric[] = [
  media('gauge', 'publishers', 'Publishers now.', ({ publishers }) => publishers),
  media('gauge', 'rtmp_connections', 'Open RTMP connections.', ({ connections }) => connections),
  media('gauge', 'rtmp_message_bytes', 'Memory of RTMP messages that are not complete.', ({ heldBytes }) => heldBytes),
  media('counter', 'rtmp_received_bytes_total', 'Bytes from publishers.', ({ bytesIn }) => bytesIn),
  metric(
    'counter',
    'rtmp_refused_total',
    'RTMP connections refused or ended by the server, by error code.',
    (sources) => Object.entries(sources.media()?.refused ?? {}).map(([code, value]): Reading => [value, { code }]),
  ),
  metric('counter', 'ingest_frames_total', 'Frames from publishers.', (sources) => [
    ...one(sources.media(), ({ videoFrames }) => videoFrames, { kind: 'video' }),
    ...one(sources.media(), ({ audioFrames }) => audioFrames, { kind: 'audio' }),
  ]),
  level(
    'publisher_connected_seconds_total',
    'Time in which broadcasts on air had their publisher.',
    ({ connectedSeconds }) => connectedSeconds,
  ),
  level(
    'output_fresh_seconds_total',
    'That part of it in which the newest listed picture, or sound where there is none, was no older than three target durations.',
    ({ freshSeconds }) => freshSeconds,
  ),
  level(
    'publisher_interruptions_total',
    'Publishers that were lost in the middle of a broadcast.',
    ({ interruptions }) => interruptions,
  ),
  level('publisher_reconnects_total', 'Publishers that came back within the grace.', ({ reconnects }) => reconnects),
  level(
    'publisher_takeovers_total',
    'Publishers that took over from another with the same key.',
    ({ takeovers }) => takeovers,
  ),
  level(
    'publisher_grace_expired_total',
    'Broadcasts that ended because their publisher did not come back.',
    ({ graceExpired }) => graceExpired,
  ),
  histogram(
    'glass_to_playlist_seconds',
    'From the arrival of the first frame of a segment (hls, dash by its first chunk) or part (ll) to its being listed.',
    (sources) =>
      Object.entries(sources.media()?.levels.glassToPlaylist ?? {}).map(([format, figures]) => [figures, { format }]),
  ),
  histogram('part_latency_seconds', 'From the arrival of the last frame of a part to its being listed.', (sources) =>
    one(sources.media(), ({ levels }) => levels.partLatency),
  ),
  histogram(
    'rung_skew_seconds',
    'How much later than the first rendition each other one has the same segment.',
    (sources) => one(sources.media(), ({ levels }) => levels.rungSkew),
  ),
  media(
    'gauge',
    'media_memory_bytes',
    'Memory of the media that playlists list, or may still be asked for.',
    ({ mediaBytes }) => mediaBytes,
  ),
  media('gauge', 'media_memory_budget_bytes', 'What that may grow to.', (figures) => figures.mediaBudgetBytes),
  media('gauge', 'slab_bytes', 'Memory for media, in use and spare.', ({ slabBytes }) => slabBytes),
];

function level(name: string, help: string, read: (figures: ServiceLevelFigures) => number): PlainMetric {
  return media('counter', name, help, ({ levels }) => read(levels));
}
