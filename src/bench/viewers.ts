import { setTimeout as delay } from 'node:timers/promises';
import { LatencyHistogram } from '../load/latency-histogram.ts';
import { ViewerCrowd, type ViewerKind } from '../load/viewer-crowd.ts';
import type { MeasuredServer } from './measured-server.ts';
import { measureSpan } from './measured-span.ts';

export interface ViewersCost {
  readonly kind: ViewerKind;
  readonly viewers: number;
  /** Of them, those that had enough to play. */
  readonly playing: number;
  readonly stalls: number;
  readonly errors: number;
  /** Parts that came later than players wait for them. */
  readonly lateParts: number;
  readonly bitsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly playlistP99Ms: number;
  /** That the server used because of them. */
  readonly cores: number;
  readonly othersRatio: number;
}

/** Pictures and sound are two renditions: a player follows both. */
export const connectionsPerViewer = 2;
const rampMs = 2000;
const playTimeoutMs = 15_000;

/** Lets viewers of one broadcast arrive within two seconds, and measures for some seconds once all play. */
export async function measureViewers(
  server: MeasuredServer,
  options: {
    readonly kind: ViewerKind;
    readonly viewers: number;
    readonly seconds: number;
    /** Of the pictures and of the sound. */
    readonly playlistUrls: readonly [string, string];
    /** What the server uses without them. */
    readonly idleCores: number;
  },
  signal: AbortSignal,
): Promise<ViewersCost> {
  const { kind, viewers, seconds, playlistUrls, idleCores } = options;
  const count = viewers * connectionsPerViewer;
  const crowd = new ViewerCrowd({
    kind,
    playlistUrls,
    numbers: { first: 0, step: 1, count },
    arrivalEveryMs: rampMs / count,
  });
  try {
    const deadlineMs = performance.now() + playTimeoutMs;
    while (crowd.playing < count && performance.now() < deadlineMs) await delay(100, undefined, { signal });
    crowd.beginMeasuring();
    const { serverCores, othersRatio } = await measureSpan(server, seconds, signal);
    const figures = crowd.figures();
    const playlists = new LatencyHistogram();
    playlists.merge(figures.playlists);
    return {
      kind,
      viewers,
      playing: Math.floor(figures.playing / connectionsPerViewer),
      stalls: figures.stalls,
      errors: Object.values(figures.errors).reduce((sum, value) => sum + value, 0),
      lateParts: figures.lateParts,
      bitsPerSecond: (figures.receivedBytes * 8) / seconds,
      requestsPerSecond: Math.round(figures.requests / seconds),
      playlistP99Ms: playlists.distribution()?.p99 ?? 0,
      cores: Math.max(0, serverCores - idleCores),
      othersRatio,
    };
  } finally {
    crowd.stop();
  }
}
