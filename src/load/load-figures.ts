import { type HistogramCounts, LatencyHistogram } from './latency-histogram.ts';

/** What viewers of one process have met; crosses processes as it is. */
export interface LoadFigures {
  readonly requests: number;
  readonly receivedBytes: number;
  /** From the request to the last byte; for a blocked reload from when any viewer of the process had that playlist. */
  readonly playlists: HistogramCounts;
  /** From the request to the last byte of an init segment, segment or part. */
  readonly media: HistogramCounts;
  /** From the loss of a connection to the next one. */
  readonly absences: HistogramCounts;
  /** These count from the first connection on, not only while it is measured. */
  readonly errors: Readonly<Record<string, number>>;
  readonly viewers: number;
  readonly playing: number;
  readonly stalls: number;
  readonly stalledViewers: number;
  readonly longestStalledMs: number;
  readonly judgedParts: number;
  readonly lateParts: number;
  /** How late the process came to its timer at worst, also while viewers arrived. */
  readonly maxLateMs: number;
  /** Of one core, while it was measured. */
  readonly coreFraction: number;
}

/** Counts while the viewers run. */
export class LoadCounters {
  readonly playlists = new LatencyHistogram();
  readonly media = new LatencyHistogram();
  readonly absences = new LatencyHistogram();
  readonly errors = new Map<string, number>();
  requests = 0;
  receivedBytes = 0;

  error(kind: string): void {
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
  }

  /** What is measured begins here; errors are never forgotten. */
  clear(): void {
    this.playlists.clear();
    this.media.clear();
    this.absences.clear();
    this.requests = 0;
    this.receivedBytes = 0;
  }
}

/** Several processes as one. */
export function mergeFigures(all: readonly LoadFigures[]): LoadFigures {
  const playlists = new LatencyHistogram();
  const media = new LatencyHistogram();
  const absences = new LatencyHistogram();
  const errors: Record<string, number> = {};
  for (const figures of all) {
    playlists.merge(figures.playlists);
    media.merge(figures.media);
    absences.merge(figures.absences);
    for (const [kind, count] of Object.entries(figures.errors)) errors[kind] = (errors[kind] ?? 0) + count;
  }
  const sum = (of: (figures: LoadFigures) => number) => all.reduce((total, figures) => total + of(figures), 0);
  const most = (of: (figures: LoadFigures) => number) => all.reduce((top, figures) => Math.max(top, of(figures)), 0);
  return {
    requests: sum((f) => f.requests),
    receivedBytes: sum((f) => f.receivedBytes),
    playlists,
    media,
    absences,
    errors,
    viewers: sum((f) => f.viewers),
    playing: sum((f) => f.playing),
    stalls: sum((f) => f.stalls),
    stalledViewers: sum((f) => f.stalledViewers),
    longestStalledMs: most((f) => f.longestStalledMs),
    judgedParts: sum((f) => f.judgedParts),
    lateParts: sum((f) => f.lateParts),
    coreFraction: sum((f) => f.coreFraction),
    maxLateMs: most((f) => f.maxLateMs),
  };
}
