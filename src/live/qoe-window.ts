import type { RecentAudience, RecentSession } from '../analytics/ports.ts';
import { recentMs } from '../analytics/recent-experience.ts';
import type { Clock } from '../base/clock.ts';
import type { Percentiles, QoeMetrics } from '../contract/live-metrics.ts';
import type { RenditionView } from '../contract/streams.ts';
import type { StartupSource } from '../store/ports/session-store.ts';

/** Best first: figures of different sources are never mixed. */
const sources: readonly StartupSource[] = ['beacon', 'cmcd2', 'msd', 'est'];

interface Past {
  readonly atMs: number;
  readonly watchMs: number;
  readonly stallMs: number;
}

/** How the viewers of one stream fare, over the last five minutes. */
export class QoeWindow {
  private readonly clock: Clock;
  private readonly pasts: Past[] = [];
  private watchMs = 0;
  private stallMs = 0;
  /** The audience's sums at the last look. */
  private counted = { watchMs: 0, stallMs: 0 };
  private byPlayer: ReadonlyMap<string, number> = new Map();
  private byCountry: ReadonlyMap<string, number> = new Map();
  private latest: QoeMetrics = noQoe;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get isEmpty(): boolean {
    return this.latest.sessions === 0;
  }

  /** Viewers by player, those first that most use. */
  get players(): readonly { readonly name: string; readonly viewers: number }[] {
    return groupsOf(this.byPlayer);
  }

  get countries(): readonly { readonly name: string; readonly viewers: number }[] {
    return groupsOf(this.byCountry);
  }

  figures(): QoeMetrics {
    return this.latest;
  }

  /** To be called every few seconds. */
  look({ watching, sessions, watchMs, stallMs }: RecentAudience, renditions: readonly RenditionView[]): void {
    const nowMs = this.clock.wallMs();
    this.add({ watchMs, stallMs });
    this.pasts.push({ atMs: nowMs, watchMs: this.watchMs, stallMs: this.stallMs });
    while (this.pasts.length > 1 && this.pasts[1]!.atMs <= nowMs - recentMs) this.pasts.shift();
    this.byPlayer = countBy(watching, ({ player }) => player);
    this.byCountry = countBy(watching, ({ country }) => country);
    const bitrateOf = new Map(renditions.map(({ name, bitrate_bps: bitrate }) => [name, bitrate]));
    const since = this.pasts[0]!;
    const recent = sessions.filter(({ seenAtMs }) => seenAtMs >= nowMs - recentMs);
    this.latest = {
      sessions: recent.length,
      startup_ms: percentilesOf(startupsOf(recent.filter(({ startedAtMs }) => startedAtMs >= nowMs - recentMs))),
      rebuffer_ratio: shareOf(this.stallMs - since.stallMs, this.watchMs - since.watchMs),
      latency_ms: percentilesOf(watching.flatMap(({ latencyMs }) => latencyMs ?? [])),
      bitrate_bps: percentilesOf(watching.flatMap(({ rendition = '' }) => bitrateOf.get(rendition) ?? [])),
    };
  }

  /** What is new; all of it where the sums have begun anew. */
  private add(sums: { readonly watchMs: number; readonly stallMs: number }): void {
    const isAnew = sums.watchMs < this.counted.watchMs || sums.stallMs < this.counted.stallMs;
    this.watchMs += sums.watchMs - (isAnew ? 0 : this.counted.watchMs);
    this.stallMs += sums.stallMs - (isAnew ? 0 : this.counted.stallMs);
    this.counted = sums;
  }
}

function startupsOf(begun: readonly RecentSession[]): number[] {
  const best = sources.find((source) => begun.some(({ startupSource }) => startupSource === source));
  return begun.filter(({ startupSource }) => startupSource === best).flatMap(({ startupMs }) => startupMs ?? []);
}

function shareOf(stalledMs: number, watchedMs: number): number | null {
  return watchedMs + stalledMs > 0 ? Math.round((stalledMs / (watchedMs + stalledMs)) * 10_000) / 10_000 : null;
}

const nothing: Percentiles = { p50: null, p95: null };

export const noQoe: QoeMetrics = {
  sessions: 0,
  startup_ms: nothing,
  rebuffer_ratio: null,
  latency_ms: nothing,
  bitrate_bps: nothing,
};

function percentilesOf(values: readonly number[]): Percentiles {
  if (values.length === 0) return nothing;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1]!);
  return { p50: at(0.5), p95: at(0.95) };
}

function groupsOf(counts: ReadonlyMap<string, number>): readonly { readonly name: string; readonly viewers: number }[] {
  return [...counts].map(([name, viewers]) => ({ name, viewers })).sort((a, b) => b.viewers - a.viewers);
}

function countBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1);
  return counts;
}
