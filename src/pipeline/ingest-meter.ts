import type { Clock } from '../base/clock.ts';
import type { PublisherRun } from '../stream/publisher-run.ts';

/** Bit rate and frame rate of a publisher, over the last second. */
export class IngestMeter {
  bitrateBps = 0;
  videoFps = 0;
  private readonly clock: Clock;
  private lastMs = 0;
  private lastBytes = 0;
  private lastFrames = 0;
  private lastRun: PublisherRun | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** To be called about once a second; without a publisher all is zero. */
  sample(run: PublisherRun | undefined): void {
    const nowMs = this.clock.monotonicMs();
    const bytes = run?.receivedBytes ?? 0;
    const frames = run?.videoFrames ?? 0;
    const isSame = run !== undefined && run === this.lastRun;
    const seconds = (nowMs - this.lastMs) / 1000;
    this.bitrateBps = isSame ? Math.round(((bytes - this.lastBytes) * 8) / seconds) : 0;
    this.videoFps = isSame ? Math.round(((frames - this.lastFrames) / seconds) * 10) / 10 : 0;
    this.lastRun = run;
    this.lastMs = nowMs;
    this.lastBytes = bytes;
    this.lastFrames = frames;
  }
}
