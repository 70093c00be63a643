import type { VisitorKind } from './audience-visitors.ts';

/** One viewer's stay as it knows it itself; times are wall clock, ms since the epoch. */
export interface Visit {
  readonly kind: VisitorKind;
  /** When its first playlist was there. */
  readonly cameAtMs: number;
  /** Undefined: it is still there. */
  readonly leftAtMs: number | undefined;
  /** What a server can know of how long it watched: between its first media and its last; or what it has told. */
  readonly watchedMs: number;
}

/** Who really watches at each moment. */
export class AudienceLedger {
  readonly visits: readonly Visit[];
  private readonly arrivals: Float64Array;
  private readonly departures: Float64Array;

  constructor(visits: readonly Visit[]) {
    this.visits = visits;
    this.arrivals = Float64Array.from(visits, ({ cameAtMs }) => cameAtMs).sort();
    this.departures = Float64Array.from(visits.flatMap(({ leftAtMs }) => leftAtMs ?? [])).sort();
  }

  watchingAt(atMs: number): number {
    return countUpTo(this.arrivals, atMs) - countUpTo(this.departures, atMs);
  }

  get watchSeconds(): number {
    return this.visits.reduce((sum, { watchedMs }) => sum + watchedMs, 0) / 1000;
  }

  /** How many came of each kind. */
  byKind(): Readonly<Partial<Record<VisitorKind, number>>> {
    const counts: Partial<Record<VisitorKind, number>> = {};
    for (const { kind } of this.visits) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }
}

/** How many values of a sorted array are at most `limit`. */
function countUpTo(sorted: Float64Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
