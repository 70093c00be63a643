import type { SessionView } from '../../src/contract/sessions.ts';
import { networkOf } from './sessions-compare.ts';
import type { Telling } from './sessions-script.ts';
import type { ScriptedViewer } from './sessions-viewer.ts';

/** How long it may take until what happens is known and counted. */
const knownWithinMs = 3000;
/** After the last sign of a viewer that says no goodbye its session goes on for 30 s; it counts as watching for 6 s, or 15 s after a report. */
const sessionEndsMs = { leastMs: 30_000, mostMs: 30_000 };
const watchingEndsMs = { leastMs: 5000, mostMs: 15_000 };
/** The last sign may be as much before it left: every player asks for something in this time. */
const quietMs = 4500;

type CountedViewer = Pick<
  ScriptedViewer,
  'address' | 'script' | 'wishedAtMs' | 'playsSinceMs' | 'cuts' | 'entry' | 'saysGoodbye'
>;

/** Looks whether the number of viewers is right, at every moment at which the scripts leave no doubt of it. */
export class CountCheck {
  looks = 0;
  readonly misses: string[] = [];
  private readonly viewers: readonly CountedViewer[];
  private readonly isCounted: (telling: Telling) => boolean;

  constructor(viewers: readonly CountedViewer[], isCounted: (telling: Telling) => boolean) {
    this.viewers = viewers;
    this.isCounted = isCounted;
  }

  /** `watching`: by `GET /metrics/ID`, asked for between `fromMs` and `toMs`, as `sessions` were. */
  look(fromMs: number, toMs: number, sessions: readonly SessionView[], watching: number): void {
    const counted = this.viewers.filter(({ script }) => this.isCounted(script.telling));
    const networks = new Set(counted.map(({ address }) => networkOf(address)));
    const live = sessions.filter(({ ended_at, network }) => ended_at === null && networks.has(network)).length;
    this.hold('sessions go on', live, certainCount(counted, fromMs, toMs, sessionEndsMs, false));
    // Whom a cache hides is counted there now and then.
    if (counted.length < this.viewers.length) return;
    this.hold('watch', watching, certainCount(counted, fromMs, toMs, watchingEndsMs, true));
  }

  private hold(what: string, found: number, expected: number | undefined): void {
    if (expected === undefined) return;
    this.looks++;
    if (found !== expected)
      this.misses.push(`${new Date().toISOString()}: ${found} ${what}, by the scripts ${expected}`);
  }
}

/** Undefined: somebody is just coming or going, or cut off for so long that nobody can say. */
function certainCount(
  viewers: readonly CountedViewer[],
  fromMs: number,
  toMs: number,
  ends: { readonly leastMs: number; readonly mostMs: number },
  isCutInDoubt: boolean,
): number | undefined {
  let count = 0;
  for (const { wishedAtMs, playsSinceMs, cuts, entry, saysGoodbye } of viewers) {
    if (wishedAtMs === undefined || toMs < wishedAtMs) continue;
    if (playsSinceMs === undefined || fromMs < playsSinceMs + knownWithinMs) return undefined;
    const lastedMs = saysGoodbye ? 0 : ends.leastMs - quietMs;
    const isThere = entry === undefined || toMs < entry.leftAtMs + lastedMs;
    const isGone = entry !== undefined && fromMs > entry.goneAtMs + (saysGoodbye ? 0 : ends.mostMs) + knownWithinMs;
    const isCut = cuts.some((cut) => toMs > cut.fromMs && fromMs < cut.toMs + knownWithinMs);
    if (isThere === isGone || (isCut && isCutInDoubt && !isGone)) return undefined;
    if (isThere) count++;
  }
  return count;
}
