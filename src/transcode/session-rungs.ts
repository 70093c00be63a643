import type { GopCache } from './gop-cache.ts';
import type { PlannedRung } from './ladder.ts';
import type { RungTable } from './rung-table.ts';

/** A rung and where it begins: stream time of its first frame. */
export interface SessionRung {
  readonly rung: PlannedRung;
  readonly firstPtsMs: number;
}

/**
 * Where each rung begins in a session that replays the cache: where it ended before; if it was away, at a keyframe that it has not
 * had. Undefined while that cannot be known: a frame later it can.
 */
export function sessionRungs(
  planned: readonly PlannedRung[],
  made: Pick<RungTable, 'reachedMs' | 'isStarting'>,
  cache: GopCache,
): SessionRung[] | undefined {
  const rungs: SessionRung[] = [];
  for (const rung of planned) {
    const firstPtsMs = beginningMs(made.reachedMs(rung.name), made.isStarting(rung.name), cache);
    if (firstPtsMs === undefined) return undefined;
    rungs.push({ rung, firstPtsMs });
  }
  return rungs;
}

function beginningMs(reachedMs: number | undefined, wasAway: boolean, cache: GopCache): number | undefined {
  const firstMs = cache.frames[0]?.ptsMs;
  if (reachedMs === undefined || firstMs === undefined || reachedMs < firstMs) return firstMs;
  const keyframeMs = wasAway ? cache.firstKeyAfter(reachedMs) : undefined;
  return keyframeMs ?? cache.firstAfter(reachedMs);
}
