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
  /** What they experience. */
  experience(streamId: string): ExperienceSnapshot;
  /** Sessions of those who watch. */
  watching(streamId: string): readonly SessionRow[];
  /** Sessions that go on, the oldest first: also of who was silent for a moment and may be back. */
  sessions(streamId: string): readonly SessionRow[];
}

export interface QualityAudience {
  readonly name: string;
  readonly viewers: number;
}

/** Null: nobody has told yet. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly count: number;
}

/** Quality of experience of the sessions that go on. */
export interface ExperienceSnapshot {
  /** By how it was measured: figures of different sources are never mixed. */
  readonly startupMs: Readonly<Partial<Record<StartupSource, Percentiles>>>;
  readonly latencyMs: Percentiles | null;
  /** Time that the picture stood still, of the time that was watched or waited for. */
  readonly rebufferRatio: number | null;
  readonly stalls: number;
  readonly errors: number;
  readonly totalFrames: number;
  readonly droppedFrames: number;
}
