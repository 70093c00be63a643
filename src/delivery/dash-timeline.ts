import type { SegmentStart } from '../stream/feed.ts';
import type { RenditionWindow, Segment } from '../stream/window.ts';
import { exactFrameRate } from './frame-rate.ts';

/** How segments of a Period are found: by a regular grid, which allows low latency, or by a list of complete ones. */
export type Addressing =
  | { readonly mode: 'undecided' }
  | { readonly mode: 'number'; readonly segmentSeconds: number }
  | { readonly mode: 'timeline' };

/** One MPD Period: segments that follow one another without a break in encoding, time or numbering. */
export interface DashPeriod {
  readonly firstMsn: number;
  readonly discontinuitySequence: number;
  /** Stream time of its beginning; fixed once its first segment is complete. */
  startSeconds: number;
  addressing: Addressing;
  /** Where the next Period begins: its first segment, and the stream time up to which this one has media. */
  end: { readonly msn: number; readonly seconds: number } | undefined;
  readonly initVersions: Map<string, number>;
}

/** How far a segment may begin from where the grid says (the specification allows half of a segment). */
const gridTolerance = 0.25;
/** A first segment shorter than this share of the target duration was cut off: it says nothing of those that follow. */
const leastGridShare = 0.5;

/**
 * Divides a stream into Periods, by what its renditions announce. A Period ends at a discontinuity, at a new encoding, at a gap
 * (numbers of a list must run through) and where a grid that was announced stops being true.
 */
export class DashTimeline {
  /** Oldest first. */
  readonly periods: DashPeriod[];

  /** `periods`: what another timeline of the same stream has come to. */
  constructor(periods: readonly DashPeriod[] = []) {
    this.periods = periods.map((period) => ({ ...period, initVersions: new Map(period.initVersions) }));
  }

  periodOf(msn: number): DashPeriod | undefined {
    return this.periods.findLast((period) => period.firstMsn <= msn);
  }

  /** A segment begins. `isGap`: and has no media. */
  opened(rendition: RenditionWindow, segment: SegmentStart, isGap: boolean): void {
    const { name, timescale } = rendition.description;
    const startSeconds = segment.startTicks / timescale;
    const current = this.periodOf(segment.msn);
    if (current === undefined || this.hasBreak(current, name, segment)) {
      this.begin(segment, startSeconds, { mode: 'undecided' }, current);
    } else if (segment.msn > current.firstMsn && (isGap || !isOnGrid(current, segment, timescale))) {
      this.begin(segment, startSeconds, { mode: 'timeline' }, current);
    } else if (segment.msn === current.firstMsn && current.addressing.mode === 'undecided') {
      current.startSeconds = Math.min(current.startSeconds, startSeconds);
    }
    this.periodOf(segment.msn)?.initVersions.set(name, segment.initVersion);
  }

  /** A segment with media is complete: the first of a Period decides how its segments are addressed. */
  completed(rendition: RenditionWindow, segment: Segment, isReference: boolean): void {
    const period = this.periodOf(segment.msn);
    if (period === undefined || period.addressing.mode !== 'undecided' || !isReference) return;
    const segmentSeconds = gridSeconds(rendition, segment);
    if (segmentSeconds < leastGridShare * rendition.targetDurationSeconds) {
      period.addressing = { mode: 'timeline' };
      return;
    }
    period.addressing = { mode: 'number', segmentSeconds };
    const { timescale } = rendition.description;
    for (const later of rendition.segments) {
      if (later.msn > segment.msn && !isOnGrid(period, later, timescale)) period.addressing = { mode: 'timeline' };
    }
  }

  /** Forgets Periods whose last segment was before `firstMsn`. */
  trim(firstMsn: number): void {
    while (this.periods[0]?.end !== undefined && this.periods[0].end.msn <= firstMsn) this.periods.shift();
  }

  private hasBreak(current: DashPeriod, name: string, segment: SegmentStart): boolean {
    if (segment.msn === current.firstMsn) return false;
    const initVersion = current.initVersions.get(name);
    return (
      segment.discontinuitySequence !== current.discontinuitySequence ||
      (initVersion !== undefined && initVersion !== segment.initVersion)
    );
  }

  private begin(
    { msn, discontinuitySequence }: SegmentStart,
    startSeconds: number,
    addressing: Addressing,
    previous: DashPeriod | undefined,
  ): void {
    const next = {
      firstMsn: msn,
      discontinuitySequence,
      startSeconds,
      addressing,
      end: undefined,
      initVersions: new Map(),
    };
    if (previous === undefined) {
      this.periods.unshift(next);
      return;
    }
    this.periods.splice(this.periods.indexOf(previous) + 1, 0, { ...next, end: previous.end });
    previous.end = { msn, seconds: startSeconds };
  }
}

function isOnGrid(
  { addressing, firstMsn, startSeconds }: DashPeriod,
  segment: SegmentStart,
  timescale: number,
): boolean {
  if (addressing.mode !== 'number') return true;
  const nominal = startSeconds + (segment.msn - firstMsn) * addressing.segmentSeconds;
  return Math.abs(segment.startTicks / timescale - nominal) <= gridTolerance * addressing.segmentSeconds;
}

/** The duration of the first segment; as a whole number of exact frame times where there is video, so that it holds for hours. */
function gridSeconds({ description }: RenditionWindow, { durationTicks }: Segment): number {
  const measured = durationTicks / description.timescale;
  if (description.frameRate === undefined) return measured;
  const { numerator, denominator } = exactFrameRate(description.frameRate);
  const frames = Math.max(1, Math.round((measured * numerator) / denominator));
  return (frames * denominator) / numerator;
}
