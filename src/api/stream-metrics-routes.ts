import { createRoute } from '@hono/zod-openapi';
import type { LiveAudience } from '../analytics/ports.ts';
import type { Clock } from '../base/clock.ts';
import type { StreamMetrics } from '../contract/live-metrics.ts';
import {
  maxSeriesPoints,
  type SeriesResolution,
  type StreamAnalyticsView,
  streamAnalyticsView,
  streamMetricsQuery,
} from '../contract/stream-analytics.ts';
import { foldInto } from '../store/point-fold.ts';
import type { StreamPoint } from '../store/ports/minute-store.ts';
import type { Store } from '../store/ports/store.ts';
import type { Api } from './api-env.ts';
import { findStream } from './find-stream.ts';
import type { LiveControl } from './live-control.ts';
import { answer, needs, refuses } from './operation.ts';
import { streamParams } from './stream-params.ts';
import { isoTime } from './views.ts';

/** What is measured of broadcasts that run here. */
export interface LiveFigures {
  stream(streamId: string): StreamMetrics | undefined;
  /** Seconds that begin in [fromMs, toMs), the newest `limit`, oldest first. */
  seconds(streamId: string, fromMs: number, toMs: number, limit: number): readonly StreamPoint[];
  /** The minute that is not in the store yet. */
  minuteSoFar(streamId: string): StreamPoint | undefined;
  /** Viewers by player. */
  players(streamId: string): readonly { readonly name: string; readonly viewers: number }[];
}

export interface StreamMetricsRoutesOptions {
  readonly store: Store;
  readonly live: LiveControl;
  readonly clock: Clock;
  /** Absent where no server runs. */
  readonly audience?: Pick<LiveAudience, 'qualities'> | undefined;
  /** Absent where no server runs. */
  readonly figures?: LiveFigures | undefined;
}

const showStreamMetrics = createRoute({
  method: 'get',
  path: '/metrics/{stream_id}',
  operationId: 'showStreamMetrics',
  tags: ['Streams'],
  summary: 'Show how a broadcast does',
  description:
    'What it is now, how it was over time, and how viewers fare over the last five minutes. Minutes are kept for `analytics.retention`; ' +
    `a series has ${maxSeriesPoints} points at most, the newest.`,
  ...needs('streams:read'),
  request: { params: streamParams, query: streamMetricsQuery },
  responses: { 200: answer('Its figures.', streamAnalyticsView) },
  ...refuses('STREAM_UNKNOWN'),
});

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const usualSpanMs: Readonly<Record<SeriesResolution, number>> = {
  '1s': 5 * minuteMs,
  '1m': 6 * hourMs,
  '1h': 168 * hourMs,
};

export function addStreamMetricsRoutes(api: Api, options: StreamMetricsRoutesOptions): void {
  api.openapi(showStreamMetrics, async (c) => {
    const { id, channel } = await findStream(c.req.valid('param').stream_id, options);
    const { resolution, from, to } = c.req.valid('query');
    const toMs = to === undefined ? options.clock.wallMs() + 1 : Date.parse(to);
    const fromMs = from === undefined ? toMs - usualSpanMs[resolution] : Date.parse(from);
    const points = await seriesOf(id, resolution, { fromMs, toMs }, options);
    const known = options.figures?.stream(id);
    const viewers = known?.viewers ?? 0;
    const view: StreamAnalyticsView = {
      stream_id: id,
      channel,
      now: nowOf(known),
      series: { resolution, points: points.map(pointViewOf) },
      viewers: { now: viewers, peak: Math.max(viewers, ...points.map(({ viewersPeak }) => viewersPeak)) },
      qualities: (options.audience?.qualities(id) ?? []).map(({ name, viewers: count }) => ({ name, viewers: count })),
      qoe: qoeOf(known),
      by_player: (options.figures?.players(id) ?? []).map(({ name, viewers: count }) => ({
        player: name,
        viewers: count,
      })),
    };
    return c.json(view, 200);
  });
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

async function seriesOf(
  streamId: string,
  resolution: SeriesResolution,
  { fromMs, toMs }: Span,
  { store, figures }: StreamMetricsRoutesOptions,
): Promise<readonly StreamPoint[]> {
  if (resolution === '1s') return figures?.seconds(streamId, fromMs, toMs, maxSeriesPoints) ?? [];
  const spanMs = resolution === '1m' ? minuteMs : hourMs;
  const limit = (maxSeriesPoints * spanMs) / minuteMs;
  // A point that began before counts as well: what is asked for may begin in its midst.
  const beginMs = Math.floor(fromMs / spanMs) * spanMs;
  const kept = await store.minutes.list({ streamId, fromMs: beginMs, toMs, limit });
  const soFar = figures?.minuteSoFar(streamId);
  const isMissing = soFar !== undefined && soFar.atMs >= beginMs && soFar.atMs < toMs;
  const minutes = isMissing ? [...kept.filter(({ atMs }) => atMs !== soFar.atMs), soFar] : kept;
  return foldInto(spanMs, minutes).slice(-maxSeriesPoints);
}

function nowOf(known: StreamMetrics | undefined): StreamAnalyticsView['now'] {
  const { ingest } = known ?? {};
  return {
    viewers: known?.viewers ?? 0,
    bitrate_in_bps: ingest?.bitrate_bps ?? 0,
    bitrate_out_bps: known?.bitrate_out_bps ?? 0,
    fps: ingest?.fps ?? 0,
    frames: ingest?.frames ?? 0,
    dropped_frames: ingest?.dropped_frames ?? 0,
    latency_ms: known?.latency_ms.listed ?? unknown,
    health: known?.health ?? null,
    warnings: known?.warnings ?? [],
  };
}

function qoeOf(known: StreamMetrics | undefined): StreamAnalyticsView['qoe'] {
  const { sessions = 0, startup_ms = unknown, rebuffer_ratio = null, latency_ms = unknown } = known?.qoe ?? {};
  return { sessions, startup_ms, rebuffer_ratio, latency_ms, bitrate: known?.qoe.bitrate_bps ?? unknown };
}

const unknown = { p50: null, p95: null };

function pointViewOf(point: StreamPoint): StreamAnalyticsView['series']['points'][number] {
  return {
    time: isoTime(point.atMs),
    viewers: point.viewers,
    viewers_peak: point.viewersPeak,
    bitrate_in_bps: point.bitrateInBps,
    bitrate_out_bps: point.bitrateOutBps,
    fps: point.fps,
    frames: point.frames,
    dropped_frames: point.droppedFrames,
    latency_ms: { p50: point.latencyP50Ms, p95: point.latencyP95Ms },
  };
}
