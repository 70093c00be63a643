import type { VideoConfig } from '../media/track.ts';
import { isDisposable } from './disposable-frame.ts';
import type { CachedFrame } from './gop-cache.ts';

/** A decoder that the bitstream does not tell how deep it reorders learns it from these. */
const learnedFromFrames = 16;

/**
 * What an ffmpeg that starts again has to decode of the frames that are kept, when nothing before `firstPtsMs` is wanted of it: not
 * the frames before it that no other needs. Of a GOP with B-frames that is a third and more, and as much of the time until the rungs
 * go on.
 */
export function replayOf(
  kept: readonly CachedFrame[],
  firstPtsMs: number,
  codec: VideoConfig['codec'],
): readonly CachedFrame[] {
  return kept.filter(
    (frame, index) => index < learnedFromFrames || frame.ptsMs >= firstPtsMs || !isDisposable(codec, frame.data),
  );
}
