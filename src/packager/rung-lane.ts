import { ticksFromMs } from '../media/ticks.ts';
import type { AccessUnit, VideoConfig } from '../media/track.ts';
import type { Rendition } from './rendition.ts';
import type { RungOutput } from './rung-output.ts';
import type { Slot } from './slot.ts';

/** A rung's keyframe this near to the source's is the same picture: both are milliseconds, rounded on their own ways. */
const samePictureMs = 2;

/** Frames that found no place, and segments that a rung had nothing for while the source had. */
export interface RungRepairs {
  readonly name: string;
  /** Frames of a segment that was listed without them, or that came twice. */
  readonly lateFrames: number;
  /** Frames before a keyframe that a segment could begin with. */
  readonly skippedFrames: number;
  readonly gapSegments: number;
  readonly stretchedFrames: number;
}

/**
 * One transcoded rendition: follows the source a little later, in slots of the same numbers and times. A slot begins with the
 * rung's own picture of the source's keyframe; other keyframes cut nothing. What cannot be filled in time becomes a gap.
 */
export class RungLane {
  readonly output: RungOutput;
  private current: Slot | undefined;
  private readonly upcoming: Slot[] = [];
  /** Frames follow one another; else a keyframe at the beginning of a slot has to come first. */
  private isRunning = false;
  /** Nobody makes frames: slots are gaps at once. */
  private isStopped = false;
  /** Nobody makes frames for now, or they are catching up: slots are kept for them this long. */
  private keptMs = 0;
  private lastDtsMs = Number.NEGATIVE_INFINITY;
  private lateFrames = 0;
  private skippedFrames = 0;
  private gapSegments = 0;
  /** Where the source has ended, while what was made of it is still on its way. */
  private drainsUntilMs: number | undefined;

  constructor(output: RungOutput) {
    this.output = output;
  }

  get repairs(): RungRepairs {
    const { lateFrames, skippedFrames, gapSegments } = this;
    const { name, track } = this.output;
    return { name, lateFrames, skippedFrames, gapSegments, stretchedFrames: track.stretchedFrames };
  }

  /** Takes up what an earlier process had listed up to `endMs`; nobody makes frames yet. */
  restore(rendition: Rendition, endMs: number): void {
    this.isStopped = true;
    this.output.restore(rendition, endMs);
  }

  /** Frames will come. */
  resume(): void {
    this.isStopped = false;
  }

  /** No more frames will come: what is open ends where the source's segment does, as a broken one. */
  stop(): void {
    this.isStopped = true;
    this.keptMs = 0;
    this.isRunning = false;
    while (this.upcoming.length > 0) this.leave();
  }

  /** No frames will come for now. Slots are kept for them, for when they do: those older than `keptMs` become gaps. */
  rest(keptMs: number): void {
    this.keptMs = keptMs;
    this.isRunning = false;
    while (this.upcoming.length > 0) this.leave();
  }

  /** PTS of the keyframe that it can begin with when it has rested; undefined when it has not, or there is none yet. */
  get keptFromMs(): number | undefined {
    const { current, upcoming, output } = this;
    if (this.keptMs === 0) return undefined;
    if (!output.hasOpenSegment && current?.keyframePtsMs !== undefined) return current.keyframePtsMs;
    return upcoming.find((slot) => slot.keyframePtsMs !== undefined)?.keyframePtsMs;
  }

  /** Stopped, and all of its media older than `beforeMs`. */
  isOver(beforeMs: number): boolean {
    return this.isStopped && this.output.mediaEndMs < beforeMs;
  }

  /**
   * Frames of this configuration follow. True when they need a discontinuity that is not coming yet: the encoding differs from
   * what has been listed.
   */
  configure(config: VideoConfig): boolean {
    const { output, current } = this;
    output.configure(config);
    if (!output.isChanging) return false;
    this.isRunning = false;
    const isNext = current?.isDiscontinuity && !output.hasOpenSegment;
    return !isNext && !this.upcoming.some((slot) => slot.isDiscontinuity);
  }

  /** A segment that will follow; the slot before it ends where this one starts. */
  schedule(slot: Slot): void {
    if (this.current === undefined) this.current = slot;
    else this.upcoming.push(slot);
    while (this.isStopped && this.upcoming.length > 0) this.leave();
  }

  push(unit: AccessUnit): void {
    const { output } = this;
    if (this.isStopped || !output.isConfigured) {
      this.skippedFrames++;
      return;
    }
    if (this.isRunning && unit.dtsMs <= this.lastDtsMs) {
      this.lateFrames++;
      return;
    }
    this.advance(unit);
    const slot = this.current;
    if (slot === undefined || (!output.hasOpenSegment && !this.reaches(slot, unit))) {
      this.lateFrames++;
      return;
    }
    if (!output.hasOpenSegment) this.enter(slot, unit);
    if (!this.isRunning) {
      this.skippedFrames++;
      return;
    }
    const { drainsUntilMs } = this;
    if (drainsUntilMs !== undefined && output.missingFrames(drainsUntilMs) < 0.5) {
      this.lateFrames++;
      this.leave(drainsUntilMs);
      return;
    }
    output.add(unit, this.upcoming[0]?.startMs ?? drainsUntilMs);
    this.lastDtsMs = unit.dtsMs;
    if (this.upcoming.length === 0) this.keptMs = 0;
    if (drainsUntilMs !== undefined) this.pause(drainsUntilMs);
  }

  /** The segment clock has come to `clockMs`: what is more than `patienceMs` behind is given up. */
  tick(clockMs: number, patienceMs: number): void {
    const keptMs = Math.max(patienceMs, this.keptMs);
    while (this.upcoming[0] !== undefined && clockMs - this.upcoming[0].startMs > keptMs) {
      this.leave();
      this.isRunning = false;
    }
  }

  /** The source pauses at `endMs`: a segment that has come as far ends too, the next one goes on. */
  pause(endMs: number): void {
    const { output } = this;
    // The last frame counts when it is known how long it lasts.
    if (output.hasOpenSegment && this.upcoming.length === 0 && output.missingFrames(endMs) < 1.5) this.leave(endMs);
  }

  /** The source ends at `endMs`: the last segment does when all that is made of it has come, at the latest with `finish`. */
  drain(endMs: number): void {
    this.drainsUntilMs = endMs;
    this.pause(endMs);
  }

  /** Finishes every slot there is with what has come: the media ends, or a new beginning follows. */
  finish(endMs: number): void {
    this.drainsUntilMs = undefined;
    while (this.current !== undefined) this.leave(endMs);
    this.isRunning = false;
  }

  /** A slot that the source has no media for either. */
  gap(slot: Slot, endMs: number): void {
    this.output.gap(slot, endMs);
  }

  discard(): void {
    this.output.discard();
    this.current = undefined;
    this.upcoming.length = 0;
    this.isRunning = false;
  }

  /** Leaves the slots that end before the frame. */
  private advance(unit: AccessUnit): void {
    const next = this.upcoming[0];
    const isNext = next !== undefined && this.reaches(next, unit);
    if (this.isRunning) this.output.settle(unit, next?.startMs ?? this.drainsUntilMs, isNext);
    while (this.upcoming[0] !== undefined && this.reaches(this.upcoming[0], unit)) this.leave();
  }

  /** Whether the frame belongs to the slot or to one behind it. */
  private reaches({ keyframePtsMs, startMs }: Slot, unit: AccessUnit): boolean {
    if (keyframePtsMs !== undefined) return unit.dtsMs + unit.compositionOffsetMs >= keyframePtsMs - samePictureMs;
    const { track } = this.output;
    const halfFrameTicks = (track.interval.ticks ?? 0) / 2;
    return track.wantedTicks(unit) >= ticksFromMs(startMs, track.writer.timescale) - halfFrameTicks;
  }

  /** The first frame that reaches a slot: opens its segment when it can begin with it. */
  private enter(slot: Slot, unit: AccessUnit): void {
    const { keyframePtsMs, isDiscontinuity } = slot;
    const { output } = this;
    // Cut without a keyframe: who is in the middle of it goes on.
    if (keyframePtsMs !== undefined) {
      const isItsPicture = unit.isSync && unit.dtsMs + unit.compositionOffsetMs <= keyframePtsMs + samePictureMs;
      const isUsable = isItsPicture && (isDiscontinuity || !output.isChanging);
      if (isUsable && !this.isRunning) output.start(unit, slot.msn);
      this.isRunning = isUsable;
    }
    if (this.isRunning) output.open(slot);
  }

  /** Ends the slot: its segment with what it has, or a gap when nothing came for it. */
  private leave(clockEndMs = Number.POSITIVE_INFINITY): void {
    const slot = this.current!;
    const next = this.upcoming.shift();
    const endMs = next?.startMs ?? clockEndMs;
    this.current = next;
    if (this.output.hasOpenSegment) {
      this.output.close(endMs);
      return;
    }
    this.gapSegments++;
    this.output.gap(slot, endMs);
  }
}
