import { msFromTicks, ticksFromMs } from '../media/ticks.ts';
import type { AccessUnit, VideoConfig } from '../media/track.ts';
import { isSameConfig, Rendition } from './rendition.ts';
import type { SegmentClock } from './segment-clock.ts';
import { type Slot, segmentStart, slotTicks } from './slot.ts';
import type { VideoTrack } from './video-track.ts';

/** A rung's keyframe this near to the source's is the same picture: both are milliseconds, rounded on their own ways. */
const sameMs = 2;

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

interface Gap {
  readonly slot: Slot;
  readonly endMs: number;
}

/**
 * One transcoded rendition: follows the source a little later, in slots of the same numbers and times. A slot begins with the
 * rung's own picture of the source's keyframe; other keyframes cut nothing. What cannot be filled in time becomes a gap.
 */
export class RungLane {
  readonly name: string;
  readonly track: VideoTrack;
  /** Stream time up to which there is media, ms. */
  mediaEndMs = 0;
  /** Nobody makes frames: slots are gaps at once. */
  isStopped = false;
  private readonly clock: SegmentClock;
  private readonly announce: (rendition: Rendition) => void;
  private known: Rendition | undefined;
  private config: VideoConfig | undefined;
  private current: Slot | undefined;
  private readonly upcoming: Slot[] = [];
  /** Gaps that nobody was told of yet, because nothing is known of the rendition. */
  private readonly untold: Gap[] = [];
  /** Frames follow one another; else a keyframe at the beginning of a slot has to come first. */
  private isRunning = false;
  private hasSegments = false;
  private expectedEndMs: number | undefined;
  private lastDtsMs = Number.NEGATIVE_INFINITY;
  private lateFrames = 0;
  private skippedFrames = 0;
  private gapSegments = 0;

  constructor(options: {
    readonly name: string;
    readonly track: VideoTrack;
    readonly clock: SegmentClock;
    /** Viewers are to be told of the rendition, or of what has changed of it. */
    readonly announce: (rendition: Rendition) => void;
  }) {
    this.name = options.name;
    this.track = options.track;
    this.clock = options.clock;
    this.announce = options.announce;
  }

  /** Takes up what an earlier process had listed up to `endMs`; nobody makes frames yet. */
  restore(rendition: Rendition, endMs: number): void {
    this.known = rendition;
    this.hasSegments = true;
    this.isStopped = true;
    this.mediaEndMs = endMs;
  }

  /** Undefined before the first frame that can be shown. */
  get rendition(): Rendition | undefined {
    return this.known;
  }

  get frameRate(): number | undefined {
    return this.track.interval.framesPerSecond(this.track.writer.timescale);
  }

  get repairs(): RungRepairs {
    const { name, lateFrames, skippedFrames, gapSegments } = this;
    return { name, lateFrames, skippedFrames, gapSegments, stretchedFrames: this.track.stretchedFrames };
  }

  /**
   * Frames of this configuration follow. True when they need a discontinuity that is not coming yet: the encoding differs from
   * what has been listed.
   */
  configure(config: VideoConfig): boolean {
    this.config = config;
    if (!this.isChanging) return false;
    this.isRunning = false;
    const isFree = this.current !== undefined && this.track.writer.openSegment === undefined;
    return !(isFree && this.current!.isDiscontinuity) && !this.upcoming.some((slot) => slot.isDiscontinuity);
  }

  /** A segment that will follow; the slot before it ends where this one starts. */
  schedule(slot: Slot): void {
    if (this.current === undefined) this.current = slot;
    else this.upcoming.push(slot);
    while (this.isStopped && this.upcoming.length > 0) this.leave();
  }

  push(unit: AccessUnit): void {
    if (this.isStopped || this.config === undefined) {
      this.skippedFrames++;
      return;
    }
    if (unit.dtsMs <= this.lastDtsMs) {
      this.lateFrames++;
      return;
    }
    if (this.isRunning) this.settle(unit);
    while (this.upcoming[0] !== undefined && this.reaches(this.upcoming[0], unit)) this.leave();
    const { writer } = this.track;
    const slot = this.current;
    if (slot === undefined || (writer.openSegment === undefined && !this.reaches(slot, unit))) {
      this.lateFrames++;
      return;
    }
    if (writer.openSegment === undefined) {
      this.isRunning = this.enters(slot, unit);
      if (this.isRunning) this.open(slot);
    }
    if (this.isRunning) this.add(unit);
    else this.skippedFrames++;
  }

  /** The segment clock has come to `clockMs`: what is more than `patienceMs` behind is given up. */
  tick(clockMs: number, patienceMs: number, windowMs: number): void {
    while (this.upcoming[0] !== undefined && clockMs - this.upcoming[0].startMs > patienceMs) {
      this.leave();
      this.isRunning = false;
    }
    while (this.untold[0] !== undefined && this.untold[0].endMs < clockMs - windowMs) this.untold.shift();
  }

  /** The source pauses at `endMs`: a segment that has come as far ends too, the next one goes on. */
  pause(endMs: number): void {
    const { writer } = this.track;
    if (writer.openSegment === undefined || this.upcoming.length > 0) return;
    const behindTicks = ticksFromMs(endMs, writer.timescale) - writer.decodeTicks;
    if (behindTicks < 1.5 * (this.track.interval.ticks ?? 0)) this.leave(endMs);
  }

  /** Finishes every slot there is with what has come: the media ends, or a new beginning follows. */
  finish(endMs: number): void {
    while (this.current !== undefined) this.leave(endMs);
    this.isRunning = false;
  }

  /** A slot that the source has no media for either. */
  gap(slot: Slot, endMs: number): void {
    if (this.known === undefined) this.untold.push({ slot, endMs });
    else this.writeGap(slot, endMs);
  }

  /** No more frames will come: what is open ends with what has come. */
  stop(): void {
    this.isStopped = true;
    this.isRunning = false;
    while (this.upcoming.length > 0) this.leave();
    if (this.track.writer.openSegment !== undefined) this.leave();
  }

  discard(): void {
    this.track.writer.discard();
    this.current = undefined;
    this.upcoming.length = 0;
    this.untold.length = 0;
    this.isRunning = false;
    this.hasSegments = false;
  }

  /** Whether frames that come need another init segment than the rendition's present one. */
  private get isChanging(): boolean {
    return this.known !== undefined && this.config !== undefined && !isSameConfig(this.known.config, this.config);
  }

  private settle(unit: AccessUnit): void {
    const next = this.upcoming[0];
    const isLast = next !== undefined && this.reaches(next, unit);
    this.track.settle(unit, isLast ? ticksFromMs(next.startMs, this.track.writer.timescale) : undefined);
  }

  /** Whether the frame belongs to the slot or to one behind it. */
  private reaches({ keyframePtsMs, startMs }: Slot, unit: AccessUnit): boolean {
    if (keyframePtsMs !== undefined) return unit.dtsMs + unit.compositionOffsetMs >= keyframePtsMs - sameMs;
    const { timescale } = this.track.writer;
    const halfFrameTicks = (this.track.interval.ticks ?? 0) / 2;
    return this.track.wantedTicks(unit) >= ticksFromMs(startMs, timescale) - halfFrameTicks;
  }

  /** Whether the slot can begin with this frame. Starts a run of frames where one starts. */
  private enters({ keyframePtsMs, isDiscontinuity }: Slot, unit: AccessUnit): boolean {
    // Cut without a keyframe: who is in the middle of it goes on.
    if (keyframePtsMs === undefined) return this.isRunning;
    const isItsKeyframe = unit.isSync && unit.dtsMs + unit.compositionOffsetMs <= keyframePtsMs + sameMs;
    if (!isItsKeyframe || (this.isChanging && this.hasSegments && !isDiscontinuity)) return false;
    if (!this.isRunning || isDiscontinuity) this.start(unit);
    return true;
  }

  /** The first keyframe of a run of frames; the rendition appears, or changes, with it. */
  private start(unit: AccessUnit): void {
    const { track } = this;
    const { writer } = track;
    const config = this.config!;
    const endTicks = writer.decodeTicks;
    track.begin(unit);
    writer.decodeTicks = endTicks;
    const before = this.known;
    const rendition = before ?? new Rendition(this.name, config, writer.timescale);
    const isNews = rendition.change(config) || before === undefined || rendition.isWithdrawn;
    const isMoved = rendition.decodeDelayTicks !== track.decodeDelay;
    rendition.decodeDelayTicks = track.decodeDelay;
    rendition.isWithdrawn = false;
    this.known = rendition;
    if (isNews || isMoved) this.announce(rendition);
    for (const { slot, endMs } of this.untold.splice(0)) this.writeGap(slot, endMs);
  }

  private open(slot: Slot): void {
    const { writer } = this.track;
    // Equal to the source's own start, unless what was listed before reaches a little further.
    writer.decodeTicks = slotTicks(slot, writer.timescale, writer.decodeTicks);
    writer.open(segmentStart(slot, writer.decodeTicks, this.known!.initVersion));
    this.hasSegments = true;
    this.expectedEndMs = this.clock.expectedEndMs(slot.startMs);
  }

  private add(unit: AccessUnit): void {
    const nextStartMs = this.upcoming[0]?.startMs;
    const endMs = nextStartMs ?? this.expectedEndMs;
    const endTicks = endMs === undefined ? undefined : ticksFromMs(endMs, this.track.writer.timescale);
    this.track.add(unit, endTicks, nextStartMs !== undefined);
    this.lastDtsMs = unit.dtsMs;
  }

  /** Ends the slot: its segment with what it has, or a gap when nothing came for it. */
  private leave(clockEndMs = Number.POSITIVE_INFINITY): void {
    const { track } = this;
    const slot = this.current!;
    const next = this.upcoming.shift();
    const endMs = next?.startMs ?? clockEndMs;
    this.current = next;
    if (track.writer.openSegment === undefined) {
      this.gapSegments++;
      this.gap(slot, endMs);
      return;
    }
    track.flush(Number.isFinite(endMs) ? ticksFromMs(endMs, track.writer.timescale) : undefined);
    track.writer.close();
    this.mediaEndMs = msFromTicks(track.writer.decodeTicks, track.writer.timescale);
    this.measureFrameRate();
  }

  measureFrameRate(): void {
    const { known: rendition, frameRate } = this;
    if (rendition === undefined || frameRate === undefined || rendition.frameRate === frameRate) return;
    rendition.frameRate = frameRate;
    this.announce(rendition);
  }

  private writeGap(slot: Slot, endMs: number): void {
    const { writer } = this.track;
    const startTicks = slotTicks(slot, writer.timescale, writer.decodeTicks);
    // Never left out, however short: the numbers of all renditions stay equal.
    const durationTicks = Math.max(1, ticksFromMs(endMs, writer.timescale) - startTicks);
    writer.gap(segmentStart(slot, startTicks, this.known!.initVersion), durationTicks);
  }
}
