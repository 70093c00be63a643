import { msFromTicks, ticksFromMs } from '../media/ticks.ts';
import type { AccessUnit } from '../media/track.ts';
import { FrameInterval } from './frame-interval.ts';
import type { PartClock } from './part-clock.ts';
import { partToleranceMs } from './part-target.ts';
import { SegmentWriter, type SegmentWriterOptions } from './segment-writer.ts';

/** A frame this late on the decode clock was stretched into its place, and is counted. */
const stretchedMs = 100;

/**
 * Puts video frames into parts. A frame's duration is known when the next one comes; waiting for that would cost a frame
 * time at the end of every part, so the last frame of a part gets a predicted one, and the error goes into the next:
 * presentation times stay exact through signed composition offsets.
 *
 * `settle` the frame before, decide about the segment, then `add` the new one.
 */
export class VideoTrack {
  readonly writer: SegmentWriter;
  readonly interval = new FrameInterval();
  /** Frames whose decode time was more than 100 ms off, after a hole. */
  stretchedFrames = 0;
  /** Where the open segment ends, when another rendition has decided that: no frame lasts beyond, the last one until there. */
  knownEndTicks: number | undefined;
  private readonly partClock: PartClock;
  private readonly toleranceTicks: number;
  private decodeDelayTicks = 0;
  private lastDtsTicks: number | undefined;
  /** The frame before has no final duration yet; it counts with zero. */
  private isPending = false;

  constructor(options: SegmentWriterOptions, partClock: PartClock) {
    this.writer = new SegmentWriter(options);
    this.partClock = partClock;
    this.toleranceTicks = ticksFromMs(partToleranceMs, options.timescale);
  }

  get decodeDelay(): number {
    return this.decodeDelayTicks;
  }

  /** Milliseconds between frames, as learnt so far. */
  get intervalMs(): number | undefined {
    return this.interval.ticks === undefined ? undefined : msFromTicks(this.interval.ticks, this.writer.timescale);
  }

  /** Starts a run of frames: the first keyframe's composition offset moves all decode times, so that its tfdt is its PTS. */
  begin(first: AccessUnit): void {
    this.decodeDelayTicks = Math.max(0, ticksFromMs(first.compositionOffsetMs, this.writer.timescale));
    this.lastDtsTicks = ticksFromMs(first.dtsMs, this.writer.timescale);
    this.isPending = false;
    this.writer.decodeTicks = this.wantedTicks(first);
  }

  /** Where the frame wants to stand on the decode clock. */
  wantedTicks(unit: AccessUnit): number {
    return ticksFromMs(unit.dtsMs, this.writer.timescale) + this.decodeDelayTicks;
  }

  /** Gives the frame before its duration, now that the next one is known. `isLast`: its segment ends with it. */
  settle(next: AccessUnit, isLast = false): void {
    const wantedTicks = this.wantedTicks(next);
    const dtsTicks = wantedTicks - this.decodeDelayTicks;
    if (this.lastDtsTicks !== undefined) this.interval.add(dtsTicks - this.lastDtsTicks);
    this.lastDtsTicks = dtsTicks;
    if (!this.isPending) return;
    const endTicks = isLast ? (this.knownEndTicks ?? wantedTicks) : this.within(wantedTicks);
    this.finish(endTicks - this.writer.decodeTicks);
  }

  /**
   * Adds a frame; cuts the part behind it when no further one will fit. `segmentEndTicks` is where the segment probably ends; where that
   * is not known, the part waits for the next frame: what is hinted behind it has to come.
   */
  add(unit: AccessUnit, segmentEndTicks: number | undefined): void {
    const { writer } = this;
    if (writer.hasOpenPart && this.isFull(0)) this.cutPart();
    const ptsTicks = ticksFromMs(unit.dtsMs + unit.compositionOffsetMs, writer.timescale);
    const wantedTicks = this.wantedTicks(unit);
    const lagTicks = wantedTicks - writer.decodeTicks;
    if (lagTicks > ticksFromMs(stretchedMs, writer.timescale)) this.stretchedFrames++;
    writer.add(unit.data, 0, ptsTicks - writer.decodeTicks, unit.isSync);
    this.isPending = true;
    const intervalTicks = this.interval.ticks;
    if (intervalTicks === undefined) return;
    const endTicks = wantedTicks + intervalTicks;
    const { knownEndTicks } = this;
    const isLast = knownEndTicks !== undefined && Math.abs(knownEndTicks - endTicks) < intervalTicks / 2;
    const predictedTicks = (isLast ? knownEndTicks : this.within(endTicks)) - writer.decodeTicks;
    if (segmentEndTicks === undefined || !this.isFull(predictedTicks)) return;
    this.finish(predictedTicks);
    this.cutPart(Math.abs(segmentEndTicks - writer.decodeTicks) < intervalTicks / 2);
  }

  /** No next frame will come: the last one lasts as long as frames do here. */
  flush(): void {
    if (!this.isPending) return;
    const { decodeTicks, timescale } = this.writer;
    const intervalTicks = this.interval.ticks ?? ticksFromMs(40, timescale);
    this.finish(this.within(decodeTicks + intervalTicks) - decodeTicks);
  }

  /** Whether another frame, behind one that lasts `pendingTicks`, has no room in the part. */
  private isFull(pendingTicks: number): boolean {
    const { interval, writer, toleranceTicks } = this;
    const intervalTicks = interval.ticks ?? 1;
    return writer.partTicks + pendingTicks + intervalTicks > this.targetTicks(intervalTicks) + toleranceTicks;
  }

  private within(endTicks: number): number {
    return this.knownEndTicks === undefined ? endTicks : Math.min(endTicks, this.knownEndTicks);
  }

  /** Duration of the pending frame: at least a tick, at most what its part still takes. */
  private finish(durationTicks: number): void {
    const { writer } = this;
    const roomTicks = this.targetTicks(this.interval.ticks ?? durationTicks) - writer.partTicks;
    const finalTicks = Math.max(1, Math.min(Math.round(durationTicks), roomTicks));
    writer.setLastDuration(0, finalTicks);
    this.isPending = false;
  }

  private cutPart(isPredictedLast = false): void {
    this.partClock.settle(this.intervalMs);
    this.writer.cutPart(isPredictedLast);
  }

  private targetTicks(intervalTicks: number): number {
    const { timescale } = this.writer;
    return ticksFromMs(this.partClock.targetMs(msFromTicks(intervalTicks, timescale)), timescale);
  }
}
