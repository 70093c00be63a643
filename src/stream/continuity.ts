import type { TrackConfig } from '../media/track.ts';
import type { MeasuredBitrate } from './feed.ts';

/**
 * What the packager of a stream must continue with after the process that ran it is gone, so that no playlist goes back on
 * its word: numbers only grow, target durations stay, no URI is used twice.
 */
export interface Continuity {
  readonly availabilityStartMs: number;
  readonly targetDurationSeconds: number;
  readonly partTargetMs: number;
  readonly nextMsn: number;
  readonly discontinuitySequence: number;
  /** Stream time up to which there is media, ms. */
  readonly endMs: number;
  readonly renditions: readonly RenditionContinuity[];
}

export interface RenditionContinuity {
  readonly name: string;
  readonly config: TrackConfig;
  readonly timescale: number;
  readonly initVersion: number;
  readonly decodeDelayTicks: number;
  readonly frameRate?: number;
  readonly measured?: MeasuredBitrate;
}
