import { createRoute } from '@hono/zod-openapi';
import type { LiveAudience, QualityAudience } from '../analytics/ports.ts';
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
import type { HistoryRange, SessionHistory } from '../store/ports/session-history.ts';
import type { Store } from '../store/ports/store.ts';
import type { StreamRow } from '../store/ports/stream-store.ts';
import type { Api } from './api-env.ts';
import { findStream } from './find-stream.ts';
import type { LiveControl } from './live-control.ts';
import { answer, needs, refuses } from './operation.ts';
import { groupViewsOf, nowViewOf, pointViewOf, qoeViewOf } from './stream-metrics-view.ts';
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
  players(streamId: string): readonly QualityAudience[];
  /** Viewers by country. */
  countries(streamId: string): readonly QualityAudience[];
}

/** Who is asked about the sessions of a time. */
export type HistoryOf = (
  range: Pick<HistoryRange, 'fromMs'>,
) => Pick<SessionHistory, 'experience' | 'byQuality' | 'byPlayer' | 'byCountry'>;

export interface StreamMetricsRoutesOptions {
  readonly store: Store;
  readonly live: LiveControl;
  readonly clock: Clock;
  /** Absent where no server runs. */
  readonly audience?: Pick<LiveAudience, 'qualities'> | undefined;
  /** Absent where no server runs. */
  readonly figures?: LiveFigures | undefined;
  /** Absent: the store keeps the sessions of viewers. */
  readonly historyOf?: HistoryOf | undefined;
}

const showStreamMetrics = createRoute({
  method: 'get',
  path: '/metrics/{stream_id}',
  operationId: 'showStreamMetrics',
  tags: ['Streams'],
  summary: 'Show how a broadcast does, or did',
  description:
    '`now`: what it is at this moment. The rest is of the time from `from` to `to`: `series`, and what viewers experienced, in all, by quality, by player and by country. ' +
    'A session counts, as a whole, when it ended, and one that goes on as it was last written down (500 are, each second). Kept for `analytics.retention`; ' +
    `a series has ${maxSeriesPoints} points at most, the newest. With \`analytics.url: clickhouse://…\` sessions that go on are not in a time that begins more than twelve hours ago.`,
  ...needs('streams:read'),
  request: { params: streamParams, query: streamMetricsQuery },
  responses: { 200: answer('Its figures.', streamAnalyticsView) },
  ...refuses('STREAM_UNKNOWN', 'ANALYTICS_UNREACHABLE', 'ANALYTICS_TLS_FAILED'),
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
    const stream = await findStream(c.req.valid('param').stream_id, options);
    const { id, channel } = stream;
    const known = options.figures?.stream(id);
    const query = c.req.valid('query');
    const resolution = query.resolution ?? (known === undefined ? '1m' : '1s');
    const untilMs = query.to === undefined ? options.clock.wallMs() + 1 : Date.parse(query.to);
    const usualFromMs = known === undefined ? beginningOf(stream) : untilMs - usualSpanMs[resolution];
    const fromMs = query.from === undefined ? Math.min(usualFromMs, untilMs) : Date.parse(query.from);
    const range = { streamId: id, fromMs, untilMs };
    const [points, fared] = await Promise.all([seriesOf(resolution, range, options), faredIn(range, options)]);
    const viewers = known?.viewers ?? 0;
    const view: StreamAnalyticsView = {
      ...{ stream_id: id, channel, range: { from: isoTime(fromMs), to: isoTime(untilMs) }, now: nowViewOf(known) },
      series: { resolution, points: points.map(pointViewOf) },
      viewers: { now: viewers, peak: Math.max(viewers, ...points.map(({ viewersPeak }) => viewersPeak)) },
      ...fared,
    };
    return c.json(view, 200);
  });
}

/** When it was there first. */
function beginningOf({ startedAtMs, createdAtMs }: StreamRow): number {
  return startedAtMs ?? createdAtMs;
}

type StreamRange = HistoryRange & { readonly streamId: string };

/** What viewers experienced, in all and by what they can be told apart by. */
async function faredIn(
  range: StreamRange,
  { store, historyOf, audience, figures }: StreamMetricsRoutesOptions,
): Promise<Pick<StreamAnalyticsView, 'qoe' | 'qualities' | 'by_player' | 'by_country'>> {
  const { streamId } = range;
  const history = historyOf?.(range) ?? store.sessions;
  const [experience, qualities, players, countries] = await Promise.all([
    history.experience(range),
    history.byQuality(range),
    history.byPlayer(range),
    history.byCountry(range),
  ]);
  const byPlayer = groupViewsOf(figures?.players(streamId) ?? [], players);
  const byCountry = groupViewsOf(figures?.countries(streamId) ?? [], countries);
  return {
    qoe: qoeViewOf(experience),
    qualities: groupViewsOf(audience?.qualities(streamId) ?? [], qualities),
    by_player: byPlayer.map(({ name: player, ...rest }) => ({ player, ...rest })),
    by_country: byCountry.map(({ name: country, ...rest }) => ({ country, ...rest })),
  };
}

async function seriesOf(
  resolution: SeriesResolution,
  { streamId, fromMs, untilMs }: StreamRange,
  { store, figures }: StreamMetricsRoutesOptions,
): Promise<readonly StreamPoint[]> {
  if (resolution === '1s') return figures?.seconds(streamId, fromMs, untilMs, maxSeriesPoints) ?? [];
  const spanMs = resolution === '1m' ? minuteMs : hourMs;
  const limit = (maxSeriesPoints * spanMs) / minuteMs;
  // A point that began before counts as well: what is asked for may begin in its midst.
  const beginMs = Math.floor(fromMs / spanMs) * spanMs;
  const kept = await store.minutes.list({ streamId, fromMs: beginMs, toMs: untilMs, limit });
  const soFar = figures?.minuteSoFar(streamId);
  const isMissing = soFar !== undefined && soFar.atMs >= beginMs && soFar.atMs < untilMs;
  const minutes = isMissing ? [...kept.filter(({ atMs }) => atMs !== soFar.atMs), soFar] : kept;
  return foldInto(spanMs, minutes).slice(-maxSeriesPoints);
}
