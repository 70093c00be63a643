import type { QualityAudience } from '../analytics/ports.ts';
import type { QoeMetrics, StreamMetrics } from '../contract/live-metrics.ts';
import type { StreamAnalyticsView } from '../contract/stream-analytics.ts';
import type { StreamPoint } from '../store/ports/minute-store.ts';
import type { ExactPercentiles, HistoryExperience, HistoryGroup } from '../store/ports/session-history.ts';
import type { StartupSource } from '../store/ports/session-store.ts';
import { isoTime } from './views.ts';

const unknown = { p50: null, p95: null };
/** Best first. */
const startupSources: readonly StartupSource[] = ['beacon', 'cmcd2', 'msd', 'est'];

/** What is measured at this moment; nothing, where the broadcast does not run here. */
export function nowViewOf(known: StreamMetrics | undefined): StreamAnalyticsView['now'] {
  const { ingest } = known ?? {};
  return {
    viewers: known?.viewers ?? 0,
    bitrate_in_bps: ingest?.bitrate_bps ?? 0,
    bitrate_out_bps: known?.bitrate_out_bps ?? 0,
    fps: ingest?.fps ?? 0,
    frames: ingest?.frames ?? 0,
    dropped_frames: ingest?.dropped_frames ?? 0,
    latency_ms: known?.latency_ms.listed ?? unknown,
    qoe: known?.qoe ?? noQoe,
    health: known?.health ?? null,
    warnings: known?.warnings ?? [],
  };
}

const noQoe: QoeMetrics = {
  ...{ sessions: 0, startup_ms: unknown, rebuffer_ratio: null, latency_ms: unknown, bitrate_bps: unknown },
};

/** How viewers fared. */
export function qoeViewOf(told: HistoryExperience): StreamAnalyticsView['qoe'] {
  const startups = startupSources.flatMap((source) => {
    const { p50, p95, count: sessions } = told.startupMs[source] ?? none;
    return sessions === 0 ? [] : [{ source, sessions, p50, p95 }];
  });
  const [best] = startups;
  return {
    ...{ sessions: told.sessions, watch_ms: told.watchMs, stalls: told.stalls, errors: told.errors },
    startup_ms: best === undefined ? unknown : { p50: best.p50, p95: best.p95 },
    startup_by_source: startups,
    rebuffer_ratio: rounded(told.rebufferRatio),
    latency_ms: percentilesViewOf(told.latencyMs),
    bitrate: percentilesViewOf(told.bitrateBps),
  };
}

const none: ExactPercentiles = { p50: 0, p95: 0, count: 0 };

function percentilesViewOf(told: ExactPercentiles | null) {
  return told === null ? unknown : { p50: told.p50, p95: told.p95 };
}

type GroupView = Omit<StreamAnalyticsView['qualities'][number], 'name'>;

/** Viewers now and sessions by name; those first that most watch, then those that most have watched. */
export function groupViewsOf(
  now: readonly QualityAudience[],
  past: readonly HistoryGroup[],
): (GroupView & { readonly name: string })[] {
  const viewers = new Map(now.map((one) => [one.name, one.viewers]));
  const known = new Set(past.map(({ name }) => name));
  const unheard = now.filter(({ name }) => !known.has(name)).map(({ name }) => ({ ...noSessions, name }));
  return [...past, ...unheard]
    .map(({ name, sessions, watchMs, rebufferRatio }) => ({
      ...{ name, viewers: viewers.get(name) ?? 0, sessions, watch_ms: watchMs },
      rebuffer_ratio: rounded(rebufferRatio),
    }))
    .sort((a, b) => b.viewers - a.viewers || b.sessions - a.sessions);
}

const noSessions: Omit<HistoryGroup, 'name'> = { sessions: 0, watchMs: 0, rebufferRatio: null };

function rounded(ratio: number | null): number | null {
  return ratio === null ? null : Math.round(ratio * 10_000) / 10_000;
}

export function pointViewOf(point: StreamPoint): StreamAnalyticsView['series']['points'][number] {
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
    rebuffer_ratio: point.rebufferRatio,
  };
}
