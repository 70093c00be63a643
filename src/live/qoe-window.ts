import type { Clock } from '../base/clock.ts';
import type { Percentiles, QoeMetrics } from '../contract/live-metrics.ts';
import type { RenditionView } from '../contract/streams.ts';
import type { SessionRow, StartupSource } from '../store/ports/session-store.ts';

const windowMs = 5 * 60_000;
/** Best first: figures of different sources are never mixed. */
const sources: readonly StartupSource[] = ['beacon', 'cmcd2', 'msd', 'est'];

interface Past {
  readonly atMs: number;
  readonly watchMs: number;
  readonly stallMs: number;
}

/** What is kept of a session that was seen: there may be a hundred thousand. */
interface Seen {
  readonly startedAtMs: number;
  startupMs: number | null;
  startupSource: StartupSource | null;
  seenAtMs: number;
  watchMs: number;
  stallMs: number;
}

/** How the viewers of one stream fare, over the last five minutes. */
export class QoeWindow {
  private readonly clock: Clock;
  private readonly pasts: Past[] = [];
  /** By the session's id, as it was when it was seen last. */
  private readonly known = new Map<string, Seen>();
  private watchMs = 0;
  private stallMs = 0;
  private bitrates: readonly number[] = [];
  private byPlayer: ReadonlyMap<string, number> = new Map();
  private byCountry: ReadonlyMap<string, number> = new Map();
  private latest: QoeMetrics = noQoe;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get isEmpty(): boolean {
    return this.known.size === 0;
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

  /** `live`: sessions of those who watch now. To be called every few seconds. */
  look(live: readonly SessionRow[], renditions: readonly RenditionView[]): void {
    const nowMs = this.clock.wallMs();
    for (const row of live) this.see(row, nowMs);
    this.forget(nowMs);
    const bitrateOf = new Map(renditions.map(({ name, bitrate_bps: bitrate }) => [name, bitrate]));
    this.bitrates = live.flatMap(({ qualities }) => bitrateOf.get(qualities.at(-1)?.rendition ?? '') ?? []);
    this.byPlayer = countBy(live, ({ player }) => player);
    this.byCountry = countBy(live, ({ country }) => country);
    this.pasts.push({ atMs: nowMs, watchMs: this.watchMs, stallMs: this.stallMs });
    while (this.pasts.length > 1 && this.pasts[1]!.atMs <= nowMs - windowMs) this.pasts.shift();
    this.latest = this.figuresNow(live);
  }

  private see(row: SessionRow, nowMs: number): void {
    const { startedAtMs, startupMs, startupSource, seenAtMs, watchMs, stallMs } = row;
    const before = this.known.get(row.id);
    if (before === undefined) {
      this.known.set(row.id, { startedAtMs, startupMs, startupSource, seenAtMs, watchMs, stallMs });
      // One that has gone on for longer, under an earlier server, counts from now on.
      if (startedAtMs < nowMs - windowMs) return;
    }
    this.watchMs += Math.max(0, watchMs - (before?.watchMs ?? 0));
    this.stallMs += Math.max(0, stallMs - (before?.stallMs ?? 0));
    if (before !== undefined) Object.assign(before, { startupMs, startupSource, seenAtMs, watchMs, stallMs });
  }

  /** Those that have gone stay as long as what they told counts. */
  private forget(nowMs: number): void {
    for (const [id, { seenAtMs }] of this.known) if (seenAtMs < nowMs - windowMs) this.known.delete(id);
  }

  private figuresNow(live: readonly SessionRow[]): QoeMetrics {
    const since = this.pasts[0]!;
    const watched = this.watchMs - since.watchMs;
    const stalled = this.stallMs - since.stallMs;
    const latencies = live.flatMap(({ latencyMs }) => latencyMs ?? []);
    return {
      sessions: this.known.size,
      startup_ms: percentilesOf(this.startups()),
      rebuffer_ratio: watched + stalled > 0 ? Math.round((stalled / (watched + stalled)) * 10_000) / 10_000 : null,
      latency_ms: percentilesOf(latencies),
      bitrate_bps: percentilesOf(this.bitrates),
    };
  }

  private startups(): number[] {
    const sinceMs = this.clock.wallMs() - windowMs;
    const begun = [...this.known.values()].filter(({ startedAtMs }) => startedAtMs >= sinceMs);
    const best = sources.find((source) => begun.some(({ startupSource }) => startupSource === source));
    return begun.filter(({ startupSource }) => startupSource === best).flatMap(({ startupMs }) => startupMs ?? []);
  }
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
