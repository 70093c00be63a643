import type { Clock } from '../base/clock.ts';
import type { VideoConfig } from '../media/track.ts';
import type { CachedFrame, GopCache } from './gop-cache.ts';
import type { LadderDemand } from './ladder-demand.ts';
import { OverloadGuard } from './overload-guard.ts';
import { StallError } from './session-failure.ts';
import type { TranscodeListener } from './transcode-listener.ts';
import type { TranscodeSession } from './transcode-session.ts';

const sampleIntervalMs = 1000;

/** What there is to do besides: another session, or another ladder; `sampled`: a second is over. */
export type FeedOutcome = 'given' | 'used-up' | 'sampled' | 'ladder-changed';

/** Gives the source's frames to the ffmpeg that runs, fewer when it falls behind, and ends it when nothing comes out any more. */
export class SessionFeed {
  framesFed = 0;
  framesDropped = 0;
  stalls = 0;
  private readonly clock: Clock;
  private readonly overload: OverloadGuard;
  private nextSampleMs = 0;

  constructor(clock: Clock, demand: LadderDemand, listener: Pick<TranscodeListener, 'notice'>) {
    this.clock = clock;
    this.overload = new OverloadGuard(demand, listener);
  }

  /** A session begins with frames of the cache. */
  begin(replayedFrames: number, { durationMs, sizeBytes }: Pick<GopCache, 'durationMs' | 'sizeBytes'>): void {
    this.framesFed += replayedFrames;
    this.overload.restarted(this.clock.monotonicMs(), durationMs, sizeBytes);
  }

  give(run: TranscodeSession, frame: CachedFrame, codec: VideoConfig['codec']): FeedOutcome {
    if (frame.isSync && run.isUsedUp(frame)) return 'used-up';
    if (this.overload.admits(frame, codec, run)) {
      this.framesFed++;
      run.write(frame);
    } else {
      this.framesDropped++;
    }
    const nowMs = this.clock.monotonicMs();
    if (run.isStalled(nowMs)) {
      this.stalls++;
      run.kill(new StallError('no frame came out although frames went in'));
      return 'given';
    }
    if (nowMs < this.nextSampleMs) return 'given';
    this.nextSampleMs = nowMs + sampleIntervalMs;
    return this.overload.sample(run, nowMs) ? 'ladder-changed' : 'sampled';
  }
}
