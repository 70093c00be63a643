import type { AccessUnit, VideoConfig } from '../media/track.ts';
import type { FfmpegExit } from './ffmpeg-process.ts';
import { type CachedFrame, GopCache } from './gop-cache.ts';
import { gridIntervalMs, type KeyframeGrid } from './keyframe-grid.ts';
import type { WantedLadder } from './ladder-demand.ts';
import { StallError } from './session-failure.ts';

/** A GOP of ten seconds at 25 Mbit/s. */
const gopCacheBytes = 32 << 20;

/** The source as an ffmpeg that starts finds it: how it is encoded, its newest frames, and where keyframes made of it are to be. */
export class SourceFrames {
  readonly cache = new GopCache(gopCacheBytes);
  /** How the frames that come are encoded. */
  config: VideoConfig | undefined;
  /** Frames from here on are kept although nothing is made of them. */
  heldFromMs: number | undefined;
  private readonly keyframeGridMs: number;
  private grid: KeyframeGrid | undefined;
  private barrenStarts = 0;

  constructor(keyframeGridMs: number) {
    this.keyframeGridMs = keyframeGridMs;
  }

  /** Whether there was another source before. */
  configure(config: VideoConfig): boolean {
    const before = this.config;
    this.config = config;
    return before !== undefined && !isSameConfig(before, config);
  }

  add(unit: AccessUnit): CachedFrame {
    return this.cache.add(unit);
  }

  /** What comes next is a new beginning: nothing of before is decoded again. */
  forget(): void {
    this.cache.clear();
    this.grid = undefined;
  }

  /** Lets go of what ends before `ptsMs` and is not held. */
  release(ptsMs: number): void {
    this.cache.release(Math.min(ptsMs, this.heldFromMs ?? Number.POSITIVE_INFINITY));
  }

  /** Where keyframes are to be: the grid once begun stays until the source stops. Undefined: where the source has them. */
  gridOf({ keyframes, sourceFps }: WantedLadder): KeyframeGrid | undefined {
    this.grid = keyframes === 'grid' ? (this.grid ?? this.newGrid(sourceFps)) : undefined;
    return this.grid;
  }

  /** A frame has come out. */
  delivered(): void {
    this.barrenStarts = 0;
  }

  /**
   * Nothing has come out. What hangs, or fails for the second time, may have choked on what it was to decode first: the next one
   * begins behind that.
   */
  failedToBegin({ cause }: FfmpegExit): void {
    this.barrenStarts++;
    if (this.barrenStarts < 2 && !(cause instanceof StallError)) return;
    const first = this.cache.frames[0];
    this.cache.keepNewestGop();
    if (this.cache.frames[0] === first) this.cache.clear();
  }

  private newGrid(sourceFps: number): KeyframeGrid {
    const originMs = this.cache.frames[0]!.ptsMs;
    return { originMs, intervalMs: gridIntervalMs(this.keyframeGridMs, sourceFps, this.config?.nominalFps) };
  }
}

function isSameConfig(a: VideoConfig, b: VideoConfig): boolean {
  return a.codec === b.codec && Buffer.compare(a.record, b.record) === 0;
}
