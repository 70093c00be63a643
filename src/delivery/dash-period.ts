import { exactFrameRate } from '../media/frame-rate.ts';
import type { SegmentStart } from '../stream/feed.ts';
import type { RenditionWindow, Segment } from '../stream/window.ts';

/** How segments of a Period are found: by a regular grid, which allows low latency, or by a list of complete ones. */
export type Addressing =
  | { readonly mode: 'undecided' }
  | { readonly mode: 'number'; readonly segmentSeconds: number }
  | { readonly mode: 'timeline' };

/** One MPD Period: segments that follow one another without a break in encoding, time or numbering. */
export interface DashPeriod {
  readonly id: string;
  readonly firstMsn: number;
  readonly discontinuitySequence: number;
  /** Stream time of its beginning; fixed once it was listed. */
  startSeconds: number;
  addressing: Addressing;
  /** Where the next Period begins: its first segment, and the stream time up to which this one has media. */
  end: { readonly msn: number; readonly seconds: number } | undefined;
  readonly initVersions: Map<string, number>;
  /** Renditions that are offered from its first segment on. A rung that is not among them is not offered at all. */
  readonly offered: Set<string>;
  /** Goes on where another Period ends, with other renditions: may be listed before it has a complete segment. */
  readonly isContinuation: boolean;
  /** Announced; its first segment has not begun. */
  isAhead: boolean;
}

/** How far a segment may begin from where the grid says (the specification allows half of a segment). */
const gridTolerance = 0.25;

/** Whether a segment begins where the Period's grid says; always, where there is none. */
export function isOnGrid(
  { addressing, firstMsn, startSeconds }: DashPeriod,
  { msn, startTicks }: SegmentStart,
  timescale: number,
): boolean {
  if (addressing.mode !== 'number') return true;
  const nominal = startSeconds + (msn - firstMsn) * addressing.segmentSeconds;
  return Math.abs(startTicks / timescale - nominal) <= gridTolerance * addressing.segmentSeconds;
}

/** A grid is begun anew when it is off by so much, in segments. */
const driftTolerance = gridTolerance / 2;
/** A segment that is as long as the grid says, but for what a clock is followed by. */
const steadyMs = 10;

/** Whether segments of the right length have come away from the grid little by little, as those of a publisher do whose clock is followed. */
export function isDrifting({ addressing, firstMsn, startSeconds }: DashPeriod, rendition: RenditionWindow): boolean {
  const [before, newest] = rendition.segments.slice(-2);
  if (addressing.mode !== 'number' || before === undefined || newest === undefined || before.isGap) return false;
  const { timescale } = rendition.description;
  const nominal = startSeconds + (newest.msn - firstMsn) * addressing.segmentSeconds;
  const offSeconds = Math.abs(newest.startTicks / timescale - nominal);
  const unevenSeconds = Math.abs(before.durationTicks / timescale - addressing.segmentSeconds);
  return offSeconds > driftTolerance * addressing.segmentSeconds && unevenSeconds * 1000 <= steadyMs;
}

/** The duration of the first segment; as a whole number of exact frame times where there is video, so that it holds for hours. */
export function gridSeconds({ description }: RenditionWindow, { durationTicks }: Segment): number {
  const measured = durationTicks / description.timescale;
  if (description.frameRate === undefined) return measured;
  const { numerator, denominator } = exactFrameRate(description.frameRate);
  const frames = Math.max(1, Math.round((measured * numerator) / denominator));
  return (frames * denominator) / numerator;
}

/** Stream time at which the segment after the newest one will begin. */
export function nextStartSeconds({ lastSegment, description }: RenditionWindow, { addressing }: DashPeriod): number {
  if (lastSegment === undefined) return 0;
  const { startTicks, durationTicks, isComplete } = lastSegment;
  const { timescale } = description;
  const elapsedSeconds = durationTicks / timescale;
  const isPredicted = !isComplete && addressing.mode === 'number';
  const seconds = isPredicted ? Math.max(addressing.segmentSeconds, elapsedSeconds) : elapsedSeconds;
  return startTicks / timescale + seconds;
}
