import type { AccessUnit } from '../media/track.ts';
import type { HeldFeed } from './held-feed.ts';
import type { Lanes } from './lanes.ts';
import type { PackagerCounters } from './packager-counters.ts';
import type { SegmentClock } from './segment-clock.ts';
import type { SlotSequence } from './slot-sequence.ts';
import type { VideoLane } from './video-lane.ts';

/** Takes the frames of the video that leads: their keyframes decide where slots end. */
export class VideoIntake {
  private readonly feed: HeldFeed;
  private readonly clock: SegmentClock;
  private readonly lanes: Lanes;
  private readonly slots: SlotSequence;
  private readonly counters: PackagerCounters;
  private readonly onForcedCut: (msn: number) => void;
  /** Where the open segment probably ends. */
  private expectedEndMs: number | undefined;

  constructor(
    parts: {
      readonly feed: HeldFeed;
      readonly clock: SegmentClock;
      readonly lanes: Lanes;
      readonly slots: SlotSequence;
      readonly counters: PackagerCounters;
    },
    onForcedCut: (msn: number) => void,
  ) {
    this.feed = parts.feed;
    this.clock = parts.clock;
    this.lanes = parts.lanes;
    this.slots = parts.slots;
    this.counters = parts.counters;
    this.onForcedCut = onForcedCut;
  }

  /** `mayEnd`: a keyframe that may end a slot; one that may not can only begin where nothing is open. */
  push(unit: AccessUnit, mayEnd: boolean): void {
    const { slots, clock } = this;
    const { video } = this.lanes;
    if (slots.lead !== 'video' || video === undefined || slots.isGapping) {
      this.counters.droppedFrames++;
      return;
    }
    if (!video.accepts(unit)) return;
    slots.lastArrivalMs = slots.nowMs;
    if (slots.current !== undefined || !video.startsAnew) video.track.settle(unit);
    if (video.startsAnew) this.start(video, unit);
    if (mayEnd && clock.endsAt(unit.dtsMs + unit.compositionOffsetMs, video.elapsedMs)) slots.close();
    else if (slots.current !== undefined && video.elapsedMs + (video.track.intervalMs ?? 0) > clock.limitMs) {
      this.forceCut();
    }
    const slot =
      slots.current ?? slots.open(video.endMs, unit.isSync ? unit.dtsMs + unit.compositionOffsetMs : undefined);
    if (mayEnd) this.expectedEndMs = clock.expectedEndMs(slot.startMs);
    video.add(unit, this.expectedEndMs);
    slots.advance(video.endMs);
  }

  /** The first keyframe of a run of frames. */
  private start(video: VideoLane, unit: AccessUnit): void {
    this.slots.close();
    this.clock.restart();
    if (!video.start(unit) || !this.feed.isOpen) return;
    this.clock.isDiscontinuityDue = true;
    this.lanes.announce(video.rendition);
  }

  /** A segment would last longer than it may: it ends without a keyframe, the next one starts without. */
  private forceCut(): void {
    this.clock.decideTargetDuration(Number.POSITIVE_INFINITY);
    this.counters.forcedCuts++;
    this.onForcedCut(this.clock.nextMsn);
    this.slots.close();
  }
}
