import type { SessionFilter, SessionPage, StartupSource } from './session-store.ts';

/*
 * What is asked about sessions, of whoever keeps them: the store, or ClickHouse. All give the same answers. A session counts when it ended;
 * one that goes on counts when it was last seen, where it is known: ClickHouse only gets sessions that have ended. Times are ms since the epoch.
 */

/** The sessions of one broadcast, in a time. */
export interface HistoryRange {
  readonly streamId: string;
  readonly fromMs: number;
  /** Not included. */
  readonly untilMs: number;
}

/** Of the ascending values v0 … v(n−1): v(⌊n·50/100⌋) and v(⌊n·95/100⌋). Exact, so that all who answer agree. */
export interface ExactPercentiles {
  readonly p50: number;
  readonly p95: number;
  readonly count: number;
}

/** What viewers experienced. */
export interface HistoryExperience {
  readonly sessions: number;
  readonly watchMs: number;
  /** Of those of whom they are known; null: of nobody. */
  readonly stalls: number | null;
  readonly stallMs: number | null;
  readonly errors: number;
  /** Time that the picture stood still, of the time that was watched or waited for, of those whose stalls are known; null: of nobody. */
  readonly rebufferRatio: number | null;
  /** By how it was measured: figures of different sources are never mixed. */
  readonly startupMs: Readonly<Partial<Record<StartupSource, ExactPercentiles>>>;
  readonly latencyMs: ExactPercentiles | null;
  /** Bits that were sent to a viewer a second that it watched; of those that this server's nodes have sent to. */
  readonly bitrateBps: ExactPercentiles | null;
}

export interface HistoryGroup {
  /** Of the quality shown last, of the player, of the country. */
  readonly name: string;
  readonly sessions: number;
  readonly watchMs: number;
  /** As that of `HistoryExperience`. */
  readonly rebufferRatio: number | null;
}

export interface SessionHistory {
  /** The newest first. */
  listEnded(filter: SessionFilter): Promise<SessionPage>;
  experience(range: HistoryRange): Promise<HistoryExperience>;
  /** Those first that have most sessions. */
  byQuality(range: HistoryRange): Promise<readonly HistoryGroup[]>;
  byPlayer(range: HistoryRange): Promise<readonly HistoryGroup[]>;
  byCountry(range: HistoryRange): Promise<readonly HistoryGroup[]>;
}
