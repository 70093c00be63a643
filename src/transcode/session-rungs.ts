import type { GopCache } from './gop-cache.ts';
import type { PlannedRung } from './ladder.ts';
import type { RungTable } from './rung-table.ts';

/** Times are milliseconds that were rounded on their own ways. */
const samePictureMs = 1;

/** A rung and where it begins: stream time of its first frame. */
export interface SessionRung {
  readonly rung: PlannedRung;
  readonly firstPtsMs: number;
}

/**
 * Where each rung begins in a session that replays the cache: where it ended before; if it was away, at a keyframe that it has not
 * had, no earlier than `fromMs`. Undefined while that cannot be known: a frame later it can.
 */
export function sessionRungs(
  planned: readonly PlannedRung[],
  made: Pick<RungTable, 'reachedMs' | 'isStarting'>,
  cache: GopCache,
  fromMs = Number.NEGATIVE_INFINITY,
): SessionRung[] | undefined {
  const rungs: SessionRung[] = [];
  for (const rung of planned) {
    const firstPtsMs = beginningMs(made.reachedMs(rung.name), made.isStarting(rung.name), cache, fromMs);
    if (firstPtsMs === undefined) return undefined;
    rungs.push({ rung, firstPtsMs });
  }
  return rungs;
}

function beginningMs(
  reachedMs: number | undefined,
  wasAway: boolean,
  cache: GopCache,
  fromMs: number,
): number | undefined {
  const firstMs = cache.frames[0]?.ptsMs;
  if (reachedMs === undefined || firstMs === undefined || reachedMs < firstMs) {
    return (wasAway ? cache.firstKeyAfter(fromMs - samePictureMs) : undefined) ?? firstMs;
  }
  const keyframeMs = wasAway ? cache.firstKeyAfter(reachedMs) : undefined;
  return keyframeMs ?? cache.firstAfter(reachedMs);
}
