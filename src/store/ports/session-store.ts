import type { SessionHistory } from './session-history.ts';

/** How a session's start-up was measured, best first: by the watch page; by CMCD events; by `msd` of CMCD; from requests (an upper bound). */
export type StartupSource = 'beacon' | 'cmcd2' | 'msd' | 'est';

/** From this time on, this quality was asked for or shown. */
export interface QualityEntry {
  readonly atMs: number;
  readonly rendition: string;
  /** `startup`, `bandwidth`, `buffer`, `dropped-frames`, `player-size`, `error`, `manual`, or `unknown`. */
  readonly reason: string;
}

/** One viewer's time with one stream. */
export interface SessionRow {
  readonly id: string;
  readonly streamId: string;
  /** By which the session is known again: of the player's own session id, or of what little is known of the viewer. */
  readonly key: string;
  readonly node: string;
  readonly startedAtMs: number;
  /** Last sign of it. */
  readonly seenAtMs: number;
  /** Null while it goes on. */
  readonly endedAtMs: number | null;
  readonly startupMs: number | null;
  readonly startupSource: StartupSource | null;
  readonly watchMs: number;
  /** Null, as `stallMs` is then: nothing tells whether its picture stood. */
  readonly stalls: number | null;
  readonly stallMs: number | null;
  readonly qualities: readonly QualityEntry[];
  /** Distance to live, smoothed. */
  readonly latencyMs: number | null;
  readonly errors: number;
  readonly player: string;
  /** The network of the address: `203.0.113.0/24`, `2001:db8:7::/48`. */
  readonly network: string;
  /** ISO 3166-1 alpha-2, of the address; `ZZ`: not known, or not looked up. */
  readonly country: string;
  readonly format: 'hls' | 'dash' | null;
  /** Sent to it by this node. */
  readonly bytes: number;
  readonly totalFrames: number | null;
  readonly droppedFrames: number | null;
}

export interface SessionFilter {
  readonly streamId: string;
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface SessionPage {
  readonly items: readonly SessionRow[];
  readonly nextCursor: string | null;
}

export interface SessionStore extends SessionHistory {
  /** Writes rows, in place of what was known of the same ids. */
  save(rows: readonly SessionRow[]): Promise<void>;
  /** Those of a node that have not ended. */
  open(node: string): Promise<readonly SessionRow[]>;
  /** Removes those with these ids, whether they have ended or not. */
  remove(ids: readonly string[]): Promise<void>;
  /** Removes at most `limit` that ended before, or were last seen before and never ended, because their node is gone; tells how many. */
  removeEndedBefore(endedAtMs: number, limit: number): Promise<number>;
}
