import type { SessionRow, StartupSource } from '../store/ports/session-store.ts';

/** Takes what is known of sessions that have ended. Must not throw; what it cannot keep it counts. */
export interface SessionSink {
  ended(sessions: readonly SessionRow[]): void;
}

/** Who watches now: who has asked for something within three target durations, or has reported and asks elsewhere. */
export interface LiveAudience {
  /** Viewers of a stream. */
  viewers(streamId: string): number;
  /** The same by quality, those first that most watch; sound alone counts as its rendition. */
  qualities(streamId: string): readonly QualityAudience[];
  /** How they fare, and those who were here in the last five minutes. */
  recent(streamId: string): RecentAudience;
  /** Sessions that go on, the oldest first: also of who was silent for a moment and may be back. */
  sessions(streamId: string): readonly SessionRow[];
}

/** How the viewers of one stream fare, at the moment that it is asked: sessions go on, and nobody keeps them. */
export interface RecentAudience {
  readonly watching: readonly WatchingSession[];
  /** Those, and all that were seen within the last five minutes. */
  readonly sessions: readonly RecentSession[];
  /** How long pictures have moved and stood still in all sessions whose stalls are known: only ever grow, from 0 on again where there was no session for five minutes. */
  readonly watchMs: number;
  readonly stallMs: number;
}

export interface WatchingSession extends Pick<SessionRow, 'player' | 'country'> {
  /** Undefined: not known. */
  readonly rendition: string | undefined;
  readonly latencyMs: number | undefined;
}

export interface RecentSession extends Pick<SessionRow, 'startedAtMs' | 'seenAtMs'> {
  /** Undefined: not known. */
  readonly startupMs: number | undefined;
  readonly startupSource: StartupSource | undefined;
}

export interface QualityAudience {
  readonly name: string;
  readonly viewers: number;
}
