import type { VideoConfig } from '../media/track.ts';
import { isDisposable } from './disposable-frame.ts';
import type { CachedFrame } from './gop-cache.ts';

/** A keyframe ends the skipping when ffmpeg is less than this behind. */
const resumeLagMs = 1000;

/** Decides which frames an ffmpeg that cannot keep up is still given. */
export class FeedGate {
  /** Leaves out frames that no other needs. */
  dropsDisposable = false;
  private skips = false;

  get isSkipping(): boolean {
    return this.skips;
  }

  /** Nothing passes until a keyframe comes and the lag is small. */
  skipToKeyframe(): void {
    this.skips = true;
  }

  /** A new ffmpeg begins at a keyframe. */
  reset(): void {
    this.skips = false;
  }

  admits(frame: CachedFrame, codec: VideoConfig['codec'], lagMs: number): boolean {
    if (this.skips) {
      if (!frame.isSync || lagMs > resumeLagMs) return false;
      this.skips = false;
    }
    return !this.dropsDisposable || frame.isSync || !isDisposable(codec, frame.data);
  }
}
