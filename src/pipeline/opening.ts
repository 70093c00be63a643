import type { AccessUnit, VideoConfig } from '../media/track.ts';
import type { MediaStart } from '../stream/media-sink.ts';
import { passthroughObstacle } from '../transcode/passthrough.ts';
import { HeldMedia } from './held-media.ts';
import type { LeadingRung } from './leading-rung.ts';

export interface OpeningWishes {
  /** Wanted segment duration. */
  readonly segmentMs: number;
  /** Longest GOP that is passed through. */
  readonly maxGopMs: number;
}

/** A beginning that has video. */
export interface VideoStart extends MediaStart {
  readonly video: VideoConfig;
}

/** GOPs up to this many times the wanted segment are segments themselves. */
const passthroughGopRatio = 1.5;

/**
 * The beginning of a broadcast of which it is not known yet what leads: its source, passed through, or a rung made of it. Nothing of it
 * can be listed before its first GOP is complete, so nobody waits for what is held here.
 */
export class Opening {
  readonly media = new HeldMedia();
  readonly start: VideoStart;
  /** Why viewers cannot have the source as it is, for a person. */
  obstacle: string | undefined;
  /** The rung that is being made to take the source's place, until its first picture is there. */
  candidate: LeadingRung | undefined;
  private readonly wishes: OpeningWishes;
  private keyframeMs: number | undefined;
  private isJudged: boolean;

  constructor(start: VideoStart, wishes: OpeningWishes) {
    this.start = start;
    this.wishes = wishes;
    this.obstacle = passthroughObstacle(start.video);
    this.isJudged = this.obstacle !== undefined;
  }

  /** A frame of the source. True when the source has turned out to be one that is passed through. */
  add(unit: AccessUnit): boolean {
    if (this.isJudged) return false;
    const ptsMs = unit.dtsMs + unit.compositionOffsetMs;
    this.keyframeMs ??= ptsMs;
    const gopMs = ptsMs - this.keyframeMs;
    const { segmentMs } = this.wishes;
    const longestMs = passthroughGopRatio * segmentMs;
    this.isJudged = (unit.isSync && gopMs > 0) || gopMs > longestMs;
    if (gopMs <= longestMs) return this.isJudged;
    this.obstacle =
      `its keyframes are more than ${longestMs / 1000} s apart. ` +
      `In OBS: Settings, Output, Advanced, Keyframe Interval: ${Math.max(1, Math.round(segmentMs / 1000))} s`;
    return false;
  }

  /** Nobody waits any longer for something better than the source: segments as long as they may be are complete by now. */
  isOverdue(nowMs: number): boolean {
    return nowMs - this.start.startMs >= this.wishes.maxGopMs;
  }
}
