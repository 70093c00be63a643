import type { RenditionWindow, Segment, StreamWindow } from '../stream/window.ts';
import type { DashPeriod } from './dash-period.ts';
import type { DashTimeline } from './dash-timeline.ts';
import { isRung, namesInOrder, plannedOf } from './variant.ts';

/** A Period that has something to play now. */
export interface ListedPeriod {
  readonly period: DashPeriod;
  readonly members: readonly ListedRendition[];
}

export interface ListedRendition {
  readonly rendition: RenditionWindow;
  /** Complete segments with media, numbered without a hole; may be none yet of a Period that goes on from another. */
  readonly segments: readonly Segment[];
}

/**
 * The Periods to list, oldest first. A Period on a grid offers from its beginning to its end the same renditions. One that lists
 * complete segments is held back, with all that follow, until each rendition has one: what a player reads first of a Period is
 * what it keeps to.
 */
export function listPeriods(stream: StreamWindow, timeline: DashTimeline): ListedPeriod[] {
  const listed: ListedPeriod[] = [];
  for (const period of timeline.periods) {
    if (period.addressing.mode === 'undecided') continue;
    const isOnGrid = isLowLatency(period);
    const members: ListedRendition[] = [];
    let hasMedia = isOnGrid && period.isContinuation && period.end === undefined && !stream.isEnded;
    for (const name of namesInOrder(stream)) {
      const rendition = stream.renditions.get(name);
      const isOffered = period.offered.has(name);
      if (rendition === undefined || (!isOffered && isRung(stream, rendition))) continue;
      const segments = segmentsOf(rendition, period);
      hasMedia ||= segments.length > 0;
      const hasBitrate = rendition.hasMedia || plannedOf(stream, name) !== undefined;
      if (segments.length > 0 || (isOffered && isOnGrid && hasBitrate && !stream.isEnded)) {
        members.push({ rendition, segments });
      } else if (isOffered && !isOnGrid && isOnItsWay(rendition, period)) return listed;
    }
    if (hasMedia) listed.push({ period, members });
  }
  return listed;
}

/** Whether the rendition's first segment of the Period is being made, or the one before. */
function isOnItsWay({ lastSegment, description }: RenditionWindow, { firstMsn, end }: DashPeriod): boolean {
  if (lastSegment === undefined || lastSegment.isGap || description.isWithdrawn === true) return false;
  if (lastSegment.msn < firstMsn) return true;
  return !lastSegment.isComplete && (end === undefined || lastSegment.msn < end.msn);
}

function segmentsOf({ segments }: RenditionWindow, { firstMsn, end }: DashPeriod): Segment[] {
  const found: Segment[] = [];
  for (const segment of segments) {
    if (segment.msn < firstMsn || !segment.isComplete) continue;
    if (end !== undefined && segment.msn >= end.msn) break;
    if (!segment.isGap) found.push(segment);
    else if (found.length > 0) break;
  }
  return found;
}

/** Whether segments of the Period may be fetched while they are being made. */
export function isLowLatency(period: DashPeriod): boolean {
  return period.addressing.mode === 'number';
}

/** Stream time up to which a Period has media; on a grid, no later than the grid gives the last segment. */
export function mediaEnd({ period, members }: ListedPeriod): number {
  let end = 0;
  let lastMsn = period.firstMsn;
  for (const { rendition, segments } of members) {
    const last = segments.at(-1);
    if (last === undefined) continue;
    end = Math.max(end, (last.startTicks + last.durationTicks) / rendition.description.timescale);
    lastMsn = Math.max(lastMsn, last.msn);
  }
  if (period.addressing.mode !== 'number') return end;
  return Math.min(end, period.startSeconds + (lastMsn + 1 - period.firstMsn) * period.addressing.segmentSeconds);
}
