import type { AccessUnit } from '../media/track.ts';
import { ClockFollower } from './clock-follower.ts';

/** A publisher's clock that jumps by more than this is set anew; less is repaired frame by frame. */
const jumpMs = 2000;

interface TrackClock {
  offsetMs: number;
  lastPublisherMs: number;
  lastStreamMs: number;
  lastArrivalMs: number;
}

/**
 * Maps one publisher's clock to stream time and repairs what publishers do to time: decode times that stand still or go back a
 * little are pushed on, jumps are taken out, for each track, so that nothing is lost and the tracks stay together. A clock that goes
 * apart from ours is followed, a millisecond at a time.
 */
export class Timeline {
  /** Frames moved because their time did not grow, and jumps taken out. */
  nonMonotonicFrames = 0;
  jumps = 0;
  private offsetMs: number;
  private readonly follower = new ClockFollower();
  private readonly tracks: { video: TrackClock | undefined; audio: TrackClock | undefined } = {
    video: undefined,
    audio: undefined,
  };

  /** `publisherMs` on the publisher's clock is `streamMs` on ours. */
  constructor(publisherMs: number, streamMs: number) {
    this.offsetMs = streamMs - publisherMs;
  }

  /** Stream time of a unit that has not been placed, as far as one can tell. */
  peekMs(unit: AccessUnit): number {
    return unit.dtsMs + (this.tracks[unit.kind]?.offsetMs ?? this.offsetMs);
  }

  /**
   * The unit on stream time; its decode time is greater than that of the unit of the same track before. `jumped` tells that
   * the publisher's clock had been set.
   */
  place(unit: AccessUnit, arrivalMs: number): { unit: AccessUnit; jumped: boolean } {
    const known = this.tracks[unit.kind];
    if (known === undefined) {
      const streamMs = unit.dtsMs + this.offsetMs;
      this.tracks[unit.kind] = {
        offsetMs: this.offsetMs,
        lastPublisherMs: unit.dtsMs,
        lastStreamMs: streamMs,
        lastArrivalMs: arrivalMs,
      };
      return { unit: { ...unit, dtsMs: streamMs }, jumped: false };
    }
    const jumped = this.isJump(known, unit, arrivalMs);
    if (jumped) this.reset(known, unit, arrivalMs);
    const stepMs = this.follower.step(arrivalMs - unit.dtsMs - known.offsetMs, arrivalMs);
    if (stepMs !== 0) this.move(stepMs);
    let streamMs = unit.dtsMs + known.offsetMs;
    if (streamMs <= known.lastStreamMs) {
      this.nonMonotonicFrames++;
      streamMs = known.lastStreamMs + 1;
    }
    known.lastPublisherMs = unit.dtsMs;
    known.lastStreamMs = streamMs;
    known.lastArrivalMs = arrivalMs;
    return { unit: { ...unit, dtsMs: streamMs }, jumped };
  }

  /** Both tracks alike. */
  private move(stepMs: number): void {
    const { video, audio } = this.tracks;
    this.offsetMs += stepMs;
    if (video !== undefined) video.offsetMs += stepMs;
    if (audio !== undefined) audio.offsetMs += stepMs;
  }

  private isJump(track: TrackClock, unit: AccessUnit, arrivalMs: number): boolean {
    const deltaMs = unit.dtsMs - track.lastPublisherMs;
    if (Math.abs(deltaMs) <= jumpMs) return false;
    // Silence on the wire as long as in the timestamps is an absence, and true.
    return deltaMs < 0 || Math.abs(deltaMs - (arrivalMs - track.lastArrivalMs)) > jumpMs;
  }

  /** Takes the jump out: along with the other track if that has just jumped as far, else by the time that has really passed. */
  private reset(track: TrackClock, unit: AccessUnit, arrivalMs: number): void {
    this.jumps++;
    const expectedMs = track.lastStreamMs + Math.min(jumpMs, Math.max(1, arrivalMs - track.lastArrivalMs));
    const togetherMs = unit.dtsMs + this.offsetMs;
    if (Math.abs(togetherMs - expectedMs) > jumpMs) this.offsetMs = expectedMs - unit.dtsMs;
    track.offsetMs = this.offsetMs;
  }
}
