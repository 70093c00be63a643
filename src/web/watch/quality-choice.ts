import type { SwitchReason } from './quality-history.ts';

export interface ChoiceFacts {
  /** Bits per second of each quality with its sound, lowest first. */
  readonly levelBps: readonly number[];
  /** The quality that is being loaded. */
  readonly current: number;
  /** The highest that is of use to this viewer, and why none above. */
  readonly cap: { readonly level: number; readonly reason: 'player-size' | 'dropped-frames' };
  /** Undefined before the first measurement. */
  readonly throughputBps: number | undefined;
  /** The most that one transfer had lately. */
  readonly bestBps: number | undefined;
  readonly bufferSeconds: number;
  /** What was loaded last ends a segment: another quality can follow without anything being fetched again. */
  readonly isAtBoundary: boolean;
  readonly nowMs: number;
}

export interface Choice {
  readonly level: number;
  readonly reason: SwitchReason;
}

/** The share of the throughput that a quality may take: when falling, when climbing, when trying. */
const fallShare = 0.75;
const climbShare = 0.8;
const tryShare = 1;
/** A try needs a network that has shown it can do it, and measurements that do not speak against it altogether. */
const tryThroughputShare = 1.35;
/** Of a quality that is being loaded: below, more comes in than is played. */
const keepShare = 0.98;
/** Steps up are at least so far apart; a try that the measurements alone do not justify is rarer. */
const climbAfterMs = 2500;
const tryAfterMs = 4000;
const climbBufferSeconds = 0.5;
/** A quality that had to be left so soon was not to be had; the next try comes after a time that doubles. */
const provenAfterMs = 5000;
const firstPenaltyMs = 8000;
const longestPenaltyMs = 64_000;

/** Chooses the quality to be loaded next. It falls at once and as far as needed, and climbs step by step. */
export class QualityChoice {
  private switchedAtMs = Number.NEGATIVE_INFINITY;
  private level = -1;
  private readonly penalties = new Map<number, { readonly untilMs: number; readonly lengthMs: number }>();

  /** The first: what `assumedBps` carry, and never above the cap. */
  first({ levelBps, cap }: Pick<ChoiceFacts, 'levelBps' | 'cap'>, assumedBps: number): Choice {
    return { level: Math.min(cap.level, highestWithin(levelBps, assumedBps)), reason: 'startup' };
  }

  next(facts: ChoiceFacts): Choice | undefined {
    const { levelBps, current, cap, throughputBps } = facts;
    if (current > cap.level) return { level: cap.level, reason: cap.reason };
    if (throughputBps === undefined) return undefined;
    if (current > 0 && throughputBps * keepShare < levelBps[current]!) {
      return { level: Math.min(current - 1, highestWithin(levelBps, throughputBps * fallShare)), reason: 'bandwidth' };
    }
    return this.mayClimb(facts, current + 1) ? { level: current + 1, reason: 'bandwidth' } : undefined;
  }

  /** A transfer of `current` was given up; `rateBps` is what the network gave. */
  givenUp({ levelBps, current }: Pick<ChoiceFacts, 'levelBps' | 'current'>, rateBps: number): Choice {
    const level = Math.min(current - 1, highestWithin(levelBps, rateBps * fallShare));
    return { level: Math.max(0, level), reason: 'bandwidth' };
  }

  /** `level` is being loaded from now on. */
  switchedTo(level: number, nowMs: number): 'up' | 'down' | 'same' {
    const before = this.level;
    if (level === before) return 'same';
    if (level < before) this.left(before, nowMs);
    this.level = level;
    this.switchedAtMs = nowMs;
    return level > before ? 'up' : 'down';
  }

  private left(level: number, nowMs: number): void {
    const wasProven = nowMs - this.switchedAtMs >= provenAfterMs;
    const before = wasProven ? 0 : (this.penalties.get(level)?.lengthMs ?? 0);
    const lengthMs = Math.min(longestPenaltyMs, Math.max(firstPenaltyMs, before * 2));
    if (wasProven) this.penalties.delete(level);
    else this.penalties.set(level, { untilMs: nowMs + lengthMs, lengthMs });
  }

  private mayClimb(facts: ChoiceFacts, level: number): boolean {
    const { levelBps, cap, throughputBps = 0, bestBps = 0, bufferSeconds, isAtBoundary, nowMs } = facts;
    if (!isAtBoundary || level > cap.level || level >= levelBps.length || bufferSeconds < climbBufferSeconds)
      return false;
    if (nowMs < (this.penalties.get(level)?.untilMs ?? 0)) return false;
    const sinceMs = nowMs - this.switchedAtMs;
    const needsBps = levelBps[level]!;
    if (throughputBps * climbShare >= needsBps) return sinceMs >= climbAfterMs;
    const isWorthATry = bestBps * tryShare >= needsBps && throughputBps * tryThroughputShare >= needsBps;
    return isWorthATry && sinceMs >= tryAfterMs;
  }
}

function highestWithin(levelBps: readonly number[], budgetBps: number): number {
  let highest = 0;
  for (const [level, bps] of levelBps.entries()) if (bps <= budgetBps) highest = level;
  return highest;
}
