import type { RenditionWindow, Segment, StreamWindow } from '../stream/window.ts';
import type { DashPeriod, DashTimeline } from './dash-timeline.ts';

/** A Period that has something to play now. */
export interface ListedPeriod {
  readonly period: DashPeriod;
  readonly members: readonly ListedRendition[];
}

export interface ListedRendition {
  readonly rendition: RenditionWindow;
  /** Complete segments with media, numbered without a hole. */
  readonly segments: readonly Segment[];
}

/** The Periods to list, oldest first. */
export function listPeriods(stream: StreamWindow, timeline: DashTimeline): ListedPeriod[] {
  const listed: ListedPeriod[] = [];
  for (const period of timeline.periods) {
    if (period.addressing.mode === 'undecided') continue;
    const members: ListedRendition[] = [];
    for (const rendition of stream.renditions.values()) {
      const segments = rendition.segments.filter(
        ({ msn, isComplete, isGap }) =>
          isComplete && !isGap && msn >= period.firstMsn && (period.end === undefined || msn < period.end.msn),
      );
      if (segments.length > 0) members.push({ rendition, segments });
    }
    if (members.length > 0) listed.push({ period, members });
  }
  return listed;
}

/** Whether segments of the Period may be fetched while they are being made. */
export function isLowLatency(period: DashPeriod): boolean {
  return period.addressing.mode === 'number';
}

export function periodId({ firstMsn }: DashPeriod): string {
  return `p${firstMsn}`;
}

/** Stream time up to which a Period has media; on a grid, no later than the grid gives the last segment. */
export function mediaEnd({ period, members }: ListedPeriod): number {
  let end = 0;
  let lastMsn = period.firstMsn;
  for (const { rendition, segments } of members) {
    const last = segments.at(-1)!;
    end = Math.max(end, (last.startTicks + last.durationTicks) / rendition.description.timescale);
    lastMsn = Math.max(lastMsn, last.msn);
  }
  if (period.addressing.mode !== 'number') return end;
  return Math.min(end, period.startSeconds + (lastMsn + 1 - period.firstMsn) * period.addressing.segmentSeconds);
}
