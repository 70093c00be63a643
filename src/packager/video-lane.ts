import { msFromTicks, ticksFromMs } from '../media/ticks.ts';
import type { AccessUnit, VideoConfig } from '../media/track.ts';
import type { Rendition } from './rendition.ts';
import { type Slot, segmentStart, slotTicks } from './slot.ts';
import type { VideoTrack } from './video-track.ts';

/** The source video: fills the slots that its own keyframes decide, or has gaps in them while it is away. */
export class VideoLane {
  readonly track: VideoTrack;
  readonly rendition: Rendition;
  /** Frames that came before a keyframe that could start them. */
  droppedFrames = 0;
  private pending: VideoConfig | undefined;
  private needsKeyframe = true;

  constructor(track: VideoTrack, rendition: Rendition) {
    this.track = track;
    this.rendition = rendition;
  }

  get endMs(): number {
    return msFromTicks(this.track.writer.decodeTicks, this.track.writer.timescale);
  }

  get elapsedMs(): number {
    return msFromTicks(this.track.writer.segmentTicks, this.track.writer.timescale);
  }

  /** Measured frames per second. */
  get frameRate(): number | undefined {
    return this.track.interval.framesPerSecond(this.track.writer.timescale);
  }

  /** Frames of this configuration follow, from their next keyframe on. */
  prepare(config: VideoConfig): void {
    this.pending = config;
    this.needsKeyframe = true;
  }

  /** Whether the frame can be used; if it must start something new, `startsAnew` first. */
  accepts(unit: AccessUnit): boolean {
    if (!this.needsKeyframe || unit.isSync) return true;
    this.droppedFrames++;
    return false;
  }

  get startsAnew(): boolean {
    return this.needsKeyframe;
  }

  /** The first keyframe of a run. True when players need another init segment for it. */
  start(unit: AccessUnit): boolean {
    const { writer } = this.track;
    const endTicks = writer.decodeTicks;
    this.track.begin(unit);
    writer.decodeTicks = Math.max(writer.decodeTicks, endTicks);
    this.rendition.decodeDelayTicks = this.track.decodeDelay;
    this.needsKeyframe = false;
    const isChanged = this.pending !== undefined && this.rendition.change(this.pending);
    this.pending = undefined;
    return isChanged;
  }

  open(slot: Slot): void {
    const { writer } = this.track;
    writer.open(segmentStart(slot, writer.decodeTicks, this.rendition.initVersion));
  }

  /** `segmentEndMs` is where the open segment probably ends. */
  add(unit: AccessUnit, segmentEndMs: number | undefined): void {
    const { timescale } = this.track.writer;
    this.track.add(unit, segmentEndMs === undefined ? undefined : ticksFromMs(segmentEndMs, timescale));
  }

  close(): void {
    this.track.flush();
    this.track.writer.close();
  }

  gap(slot: Slot, endMs: number): void {
    const { writer } = this.track;
    const startTicks = slotTicks(slot, writer.timescale, writer.decodeTicks);
    const durationTicks = Math.max(1, ticksFromMs(endMs, writer.timescale) - startTicks);
    writer.gap(segmentStart(slot, startTicks, this.rendition.initVersion), durationTicks);
  }

  discard(): void {
    this.track.writer.discard();
  }
}
