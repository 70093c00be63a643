import {
  chooseTargetDurationSeconds,
  endsAtKeyframe,
  isLongGop,
  type SegmentWishes,
  segmentLimitMs,
} from './segment-rule.ts';
import type { Slot, SlotPlace } from './slot.ts';

/** GOPs that differ by less are equally long. */
const steadyMs = 50;

/** Numbers segments, counts discontinuities, and remembers what the rules about segment ends need. Times are stream time, ms. */
export class SegmentClock {
  nextMsn: number;
  discontinuitySequence: number;
  targetDurationSeconds: number | undefined;
  /** The next segment will stand behind an EXT-X-DISCONTINUITY. */
  isDiscontinuityDue = false;
  private readonly wishes: SegmentWishes;
  private readonly onLongGop: (gopMs: number) => void;
  private keyframeMs: number | undefined;
  /** Of the newest complete GOP, also of the run of frames before. */
  private gopMs: number | undefined;
  /** The newest GOP was as long as the one before. */
  private isSteady = true;
  /** What is known of the distance of keyframes from the start. */
  private leastGopMs = 0;

  constructor(
    wishes: SegmentWishes,
    start: { nextMsn: number; discontinuitySequence: number; targetDurationSeconds?: number },
    onLongGop: (gopMs: number) => void,
  ) {
    this.wishes = wishes;
    this.nextMsn = start.nextMsn;
    this.discontinuitySequence = start.discontinuitySequence;
    this.targetDurationSeconds = start.targetDurationSeconds;
    this.onLongGop = onLongGop;
  }

  /** Keyframes come this far apart, but for those after a hole: nothing needs to be learnt from the first. */
  expectKeyframes(distanceMs: number): void {
    this.leastGopMs = distanceMs;
    this.decideTargetDuration(distanceMs);
  }

  /** No segment may last longer; until the target duration is known the longest GOP limits it. */
  get limitMs(): number {
    return segmentLimitMs(this.targetDurationSeconds ?? this.wishes.maxGopMs / 1000);
  }

  /** The distance from the keyframe before does not count: a new run of frames starts. */
  restart(): void {
    this.keyframeMs = undefined;
  }

  /** Whether the open segment, `elapsedMs` long, ends at this keyframe. The first complete GOP decides the target duration. */
  endsAt(keyframeMs: number, elapsedMs: number): boolean {
    const before = this.keyframeMs;
    this.keyframeMs = keyframeMs;
    if (before === undefined) return false;
    const gopMs = Math.max(keyframeMs - before, this.leastGopMs);
    this.isSteady = this.gopMs === undefined || Math.abs(gopMs - this.gopMs) <= steadyMs;
    this.gopMs = gopMs;
    this.decideTargetDuration(gopMs);
    return this.isDiscontinuityDue || endsAtKeyframe(this.wishes, this.limitMs, elapsedMs, gopMs);
  }

  /** Where a segment that began at `startMs` will end if keyframes keep their distance; undefined where they do not keep any. */
  expectedEndMs(startMs: number): number | undefined {
    const { keyframeMs, gopMs } = this;
    if (keyframeMs === undefined || gopMs === undefined || gopMs < 1 || !this.isSteady) return undefined;
    let endMs = keyframeMs + gopMs;
    while (!endsAtKeyframe(this.wishes, this.limitMs, endMs - startMs, gopMs)) endMs += gopMs;
    return endMs;
  }

  decideTargetDuration(gopMs: number): number {
    if (this.targetDurationSeconds === undefined) {
      this.targetDurationSeconds = chooseTargetDurationSeconds(this.wishes, gopMs);
      if (isLongGop(this.wishes, gopMs)) this.onLongGop(gopMs);
    }
    return this.targetDurationSeconds;
  }

  next(place: SlotPlace): Slot {
    const isDiscontinuity = this.isDiscontinuityDue;
    this.isDiscontinuityDue = false;
    if (isDiscontinuity) this.discontinuitySequence++;
    return {
      ...place,
      msn: this.nextMsn++,
      isDiscontinuity,
      discontinuitySequence: this.discontinuitySequence,
    };
  }
}
