import type { SessionView } from '../../src/contract/sessions.ts';
import { networkOf } from './sessions-compare.ts';
import type { Telling } from './sessions-script.ts';
import type { ScriptedViewer } from './sessions-viewer.ts';

/** From the wish to watch to the first request and to where it is known, at most; from a goodbye until then. */
const comesWithinMs = 3000;
const goesWithinMs = 2500;
/** A viewer that says nothing any more is over after `silenceMs` since it was heard of last, which may be a while before it left. */
const silenceMs = 30_000;
const quietBeforeMs = 4000;

/** Looks whether the number of viewers is right, at every moment at which the scripts leave no doubt of it. */
export class CountCheck {
  looks = 0;
  readonly misses: string[] = [];
  private readonly viewers: readonly Pick<ScriptedViewer, 'address' | 'script' | 'wishedAtMs' | 'entry'>[];
  private readonly isCounted: (telling: Telling) => boolean;

  constructor(
    viewers: readonly Pick<ScriptedViewer, 'address' | 'script' | 'wishedAtMs' | 'entry'>[],
    isCounted: (telling: Telling) => boolean,
  ) {
    this.viewers = viewers;
    this.isCounted = isCounted;
  }

  /** `viewers`: by `GET /metrics/ID`, at the same time as `sessions`. */
  look(nowMs: number, sessions: readonly SessionView[], viewers: number): void {
    const expected = this.expectedAt(nowMs);
    if (expected === undefined) return;
    this.looks++;
    const counted = this.viewers.filter(({ script }) => this.isCounted(script.telling));
    const networks = new Set(counted.map(({ address }) => networkOf(address)));
    const live = sessions.filter(({ ended_at }) => ended_at === null);
    const listed = live.filter(({ network }) => networks.has(network)).length;
    const isAllCounted = counted.length === this.viewers.length;
    if (listed === expected && (!isAllCounted || viewers === expected)) return;
    const time = new Date(nowMs).toISOString();
    this.misses.push(`${time}: ${listed} sessions go on and /metrics says ${viewers}, the scripts ${expected}`);
  }

  /** Undefined: somebody is just coming or going. */
  private expectedAt(nowMs: number): number | undefined {
    let count = 0;
    for (const { script, wishedAtMs, entry } of this.viewers) {
      if (!this.isCounted(script.telling) || wishedAtMs === undefined) continue;
      if (nowMs < wishedAtMs + comesWithinMs) return undefined;
      const hasBidden = script.telling === 'reports' && (script.leaving === 'closed' || script.leaving === 'navigated');
      const goneAfterMs = hasBidden ? 0 : silenceMs;
      const leftAtMs = entry?.leftAtMs ?? Number.POSITIVE_INFINITY;
      const isThere = nowMs < leftAtMs + goneAfterMs - quietBeforeMs;
      if (!isThere && nowMs < leftAtMs + goneAfterMs + goesWithinMs) return undefined;
      if (isThere) count++;
    }
    return count;
  }
}
