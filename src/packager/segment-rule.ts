import { keepMs } from '../stream/windows.ts';

/** Where segments may end, for one stream: RFC 8216bis §4.4.3.1 and our own wish for `segmentMs`. Pure; all times in milliseconds. */
export interface SegmentWishes {
  /** Wanted segment duration. */
  readonly segmentMs: number;
  /** Longest GOP that is passed through; a longer one is cut without a keyframe. */
  readonly maxGopMs: number;
}

/** A keyframe this early still counts as one at the wanted duration. */
const earlyMs = 50;

/**
 * EXT-X-TARGETDURATION, in seconds, for the life of the stream, decided by its first complete GOP: up to 1.5 × the wanted
 * segment the larger of both; longer GOPs get the limit, and a warning from whoever asked.
 */
export function chooseTargetDurationSeconds(wishes: SegmentWishes, firstGopMs: number): number {
  const { segmentMs, maxGopMs } = wishes;
  if (firstGopMs > 1.5 * segmentMs) return Math.ceil(maxGopMs / 1000);
  return Math.ceil(Math.max(segmentMs, firstGopMs - earlyMs) / 1000);
}

export function isLongGop(wishes: SegmentWishes, gopMs: number): boolean {
  return gopMs > 1.5 * wishes.segmentMs;
}

/** How much media playlists list: at least six target durations. */
export function listedWindowMs(wantedMs: number, targetDurationSeconds: number): number {
  return Math.max(wantedMs, targetDurationSeconds * 6000);
}

/**
 * How long media has to be there at most: it leaves a list of `listedMs` with the segment that makes it too long, and outlives that as
 * windows let it.
 */
export function availableMs(listedMs: number, targetDurationSeconds: number): number {
  return listedMs + segmentLimitMs(targetDurationSeconds) + keepMs({ targetDurationSeconds });
}

/** The longest a segment may last: it must round to the target duration at most, and the next one is due within 1.5 of it. */
export function segmentLimitMs(targetDurationSeconds: number): number {
  return Math.min(targetDurationSeconds * 1000 + 490, targetDurationSeconds * 1250);
}

/**
 * Whether a segment that lasts `elapsedMs` ends at this keyframe: when it is long enough, or when the next keyframe,
 * a GOP of `gopMs` later, would come after the limit.
 */
export function endsAtKeyframe(wishes: SegmentWishes, limitMs: number, elapsedMs: number, gopMs: number): boolean {
  return elapsedMs >= wishes.segmentMs - earlyMs || elapsedMs + gopMs > limitMs;
}
