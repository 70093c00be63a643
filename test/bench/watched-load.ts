import type { Distribution } from '../../src/load/latency-histogram.ts';
import { LatencyHistogram } from '../../src/load/latency-histogram.ts';
import type { LoadFigures } from '../../src/load/load-figures.ts';
import type { ViewerKind } from '../../src/load/viewer-crowd.ts';
import { LoadGroup } from './load/load-group.ts';
import { rounded } from './percentiles.ts';
import { sampleUsage, tenths, type UsageFigures } from './sampled-usage.ts';

/** What viewers met, for a report. Errors, stalls and late parts count from the first arrival on, the rest while it is measured. */
export interface WatchedFigures extends UsageFigures {
  readonly viewers: number;
  readonly playing: number;
  readonly requests_per_second: number;
  readonly mbit_per_second: number;
  readonly playlist_ms: Distribution | undefined;
  readonly media_ms: Distribution | undefined;
  /** Of viewers who lost their connection, until they had another. */
  readonly absence_ms: Distribution | undefined;
  readonly errors: number;
  readonly error_kinds: Readonly<Record<string, number>>;
  readonly stalls: number;
  readonly stalled_viewers: number;
  readonly longest_stalled_ms: number;
  readonly judged_parts: number;
  readonly late_parts: number;
  readonly generator_processes: number;
  readonly generator_core_percent: number;
  readonly generator_max_late_ms: number;
  /** The figures are then the generator's, not the server's. */
  readonly generator_saturated: boolean;
}

export interface WatchedLoadOptions {
  readonly kind: ViewerKind;
  readonly playlistUrls: readonly string[];
  readonly viewers: number;
  readonly seconds: number;
  /** The server's process. */
  readonly pid: number;
  readonly signal: AbortSignal;
  /** Happens beside, from when all play. */
  readonly meanwhile?: () => Promise<unknown>;
}

const saturatedMs = 100;
/** What the last to arrive may take until it plays. */
const patienceMs = 15_000;

/** Lets viewers arrive, waits until they play, measures for `seconds`, and sends them away. */
export async function watchLoad(options: WatchedLoadOptions): Promise<WatchedFigures> {
  const { kind, playlistUrls, viewers, seconds, pid, signal, meanwhile } = options;
  // Never more than a thousand a second, and over two segments at least, so that they do not ask all at the same moment.
  const rampMs = Math.max(4000, viewers);
  const group = new LoadGroup({ kind, playlistUrls, viewers, rampMs });
  try {
    await group.wait(rampMs, signal);
    await group.untilPlaying(viewers, patienceMs, signal);
    group.begin();
    const [usage] = await Promise.all([sampleUsage(pid, seconds, (ms) => group.wait(ms, signal)), meanwhile?.()]);
    const figures = await group.end();
    return { ...reported(figures, seconds, group.processCount), ...usage };
  } finally {
    await group.stop();
  }
}

function reported(figures: LoadFigures, seconds: number, processes: number): Omit<WatchedFigures, keyof UsageFigures> {
  return {
    viewers: figures.viewers,
    playing: figures.playing,
    requests_per_second: Math.round(figures.requests / seconds),
    mbit_per_second: Math.round((figures.receivedBytes * 8) / seconds / 1e6),
    playlist_ms: distributionOf(figures.playlists),
    media_ms: distributionOf(figures.media),
    absence_ms: distributionOf(figures.absences),
    errors: Object.values(figures.errors).reduce((sum, count) => sum + count, 0),
    error_kinds: figures.errors,
    stalls: figures.stalls,
    stalled_viewers: figures.stalledViewers,
    longest_stalled_ms: tenths(figures.longestStalledMs),
    judged_parts: figures.judgedParts,
    late_parts: figures.lateParts,
    generator_processes: processes,
    generator_core_percent: tenths(100 * figures.coreFraction),
    generator_max_late_ms: tenths(figures.maxLateMs),
    generator_saturated: figures.maxLateMs > saturatedMs,
  };
}

function distributionOf(counts: LoadFigures['playlists']): Distribution | undefined {
  const histogram = new LatencyHistogram();
  histogram.merge(counts);
  const distribution = histogram.distribution();
  return distribution && rounded(distribution);
}
