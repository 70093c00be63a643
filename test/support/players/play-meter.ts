/** What a viewer noticed of a play. */
export interface PlayFigures {
  readonly startupMs: number | undefined;
  readonly playedSeconds: number;
  readonly stalls: number;
  readonly stallSeconds: number;
  /** Jumps of the position by more than half a second: the player skipped something. */
  readonly skips: number;
  readonly errors: readonly string[];
  /** Requests that failed and that the player got over. */
  readonly failedRequests: readonly string[];
  readonly droppedFrames: number;
  readonly totalFrames: number;
  readonly latencySeconds: number | undefined;
  /** How often the element was given new media after the start. */
  readonly reloads: number;
  readonly positionSeconds: number;
  readonly width: number;
  readonly height: number;
}

const sampleMs = 50;
/** A picture that stands for longer than this is noticed. */
const stallMs = 300;
const skipSeconds = 0.5;

/** Runs inside Chromium: watches a video element as a viewer would, whoever plays into it. */
export class PlayMeter {
  private readonly video: HTMLVideoElement;
  private readonly startedMs = performance.now();
  private startupMs: number | undefined;
  private playedSeconds = 0;
  private stalls = 0;
  private stallMs = 0;
  private skips = 0;
  private reloads = -1;
  private lastPosition = 0;
  private lastMoveMs = 0;
  private lastSampleMs = 0;
  private isStalled = false;
  readonly errors: string[] = [];
  readonly failedRequests: string[] = [];
  latency: () => number | undefined = () => undefined;

  constructor(video: HTMLVideoElement) {
    this.video = video;
    video.addEventListener('loadstart', () => {
      this.reloads++;
    });
    video.addEventListener('error', () => this.errors.push(`video: ${video.error?.code} ${video.error?.message}`));
    setInterval(() => this.sample(), sampleMs);
  }

  report(): PlayFigures {
    const { droppedVideoFrames, totalVideoFrames } = this.video.getVideoPlaybackQuality();
    return {
      startupMs: this.startupMs,
      playedSeconds: this.playedSeconds,
      stalls: this.stalls,
      stallSeconds: this.stallMs / 1000,
      skips: this.skips,
      errors: this.errors,
      failedRequests: this.failedRequests,
      droppedFrames: droppedVideoFrames,
      totalFrames: totalVideoFrames,
      latencySeconds: this.latency(),
      reloads: Math.max(0, this.reloads),
      positionSeconds: this.video.currentTime,
      width: this.video.videoWidth,
      height: this.video.videoHeight,
    };
  }

  private sample(): void {
    const now = performance.now();
    const sinceSampleMs = now - this.lastSampleMs;
    this.lastSampleMs = now;
    const position = this.video.currentTime;
    const moved = position - this.lastPosition;
    this.lastPosition = position;
    if (this.startupMs === undefined) {
      if (this.video.paused || this.video.readyState < 3 || !(moved > 0) || moved > 1) return;
      this.startupMs = now - this.startedMs;
      this.lastMoveMs = now;
      return;
    }
    if (moved !== 0) this.lastMoveMs = now;
    // Sampling itself may be late on a busy machine: what moved in that time was played.
    if (moved > skipSeconds + sinceSampleMs / 1000 || moved < -0.05) this.skips++;
    else this.playedSeconds += Math.max(0, moved);
    const isStanding = now - this.lastMoveMs > stallMs;
    if (isStanding && !this.isStalled) this.stalls++;
    if (isStanding) this.stallMs += this.isStalled ? sinceSampleMs : now - this.lastMoveMs;
    this.isStalled = isStanding;
  }
}
