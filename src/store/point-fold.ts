import type { StreamPoint } from './ports/minute-store.ts';

/** Points of shorter times as one of a longer: averages of what is measured, sums of what is counted, the worst latency. */
export function foldPoints(atMs: number, points: readonly StreamPoint[]): StreamPoint {
  const average = (of: (point: StreamPoint) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const total = (of: (point: StreamPoint) => number) => points.reduce((sum, point) => sum + of(point), 0);
  const most = (of: (point: StreamPoint) => number | null) => {
    const known = points.flatMap((point) => of(point) ?? []);
    return known.length === 0 ? null : Math.max(...known);
  };
  const medians = points.flatMap(({ latencyP50Ms }) => latencyP50Ms ?? []);
  return {
    atMs,
    viewers: Math.round(average(({ viewers }) => viewers) * 100) / 100,
    viewersPeak: most(({ viewersPeak }) => viewersPeak) ?? 0,
    bitrateInBps: Math.round(average(({ bitrateInBps }) => bitrateInBps)),
    bitrateOutBps: Math.round(average(({ bitrateOutBps }) => bitrateOutBps)),
    fps: Math.round(average(({ fps }) => fps) * 100) / 100,
    frames: total(({ frames }) => frames),
    droppedFrames: total(({ droppedFrames }) => droppedFrames),
    latencyP50Ms: medians.length === 0 ? null : medians.sort((a, b) => a - b)[Math.floor(medians.length / 2)]!,
    latencyP95Ms: most(({ latencyP95Ms }) => latencyP95Ms),
    rebufferRatio: most(({ rebufferRatio }) => rebufferRatio),
  };
}

/** Folds points into times of equal length, oldest first. */
export function foldInto(spanMs: number, points: readonly StreamPoint[]): StreamPoint[] {
  const spans = new Map<number, StreamPoint[]>();
  for (const point of points) {
    const atMs = point.atMs - (point.atMs % spanMs);
    const known = spans.get(atMs);
    if (known === undefined) spans.set(atMs, [point]);
    else known.push(point);
  }
  return [...spans].map(([atMs, together]) => foldPoints(atMs, together));
}
