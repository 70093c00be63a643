import type { SegmentStart } from '../stream/feed.ts';
import type { RenditionWindow, Segment, StreamWindow } from '../stream/window.ts';
import {
  type Addressing,
  type DashPeriod,
  gridSeconds,
  isDrifting,
  isOnGrid,
  nextStartSeconds,
} from './dash-period.ts';
import { isResting, isRung, referenceOf } from './variant.ts';

/** A first segment shorter than this share of the target duration was cut off: it says nothing of those that follow. */
const leastGridShare = 0.5;

/**
 * Divides a stream into Periods, by what its renditions announce. A Period ends at a discontinuity, at a new encoding, at a gap
 * (numbers of a list must run through) and where a grid that was announced stops being true.
 *
 * It ends too when a rung comes or goes, because players take over what a Period offers when they first read of it (shaka looks
 * at no Representation that is added later, dash.js fails on one that is removed). Such a change is decided when the reference
 * begins a segment and takes effect with the next one, so that nobody has been promised anything of the Period before it is
 * told, and the grid goes on without a break.
 */
export class DashTimeline {
  /** Oldest first. */
  readonly periods: DashPeriod[];
  private readonly stream: StreamWindow;

  /** `periods`: what another timeline of the same stream has come to. */
  constructor(stream: StreamWindow, periods: readonly DashPeriod[] = []) {
    this.stream = stream;
    this.periods = periods.map((period) => ({
      ...period,
      initVersions: new Map(period.initVersions),
      offered: new Set(period.offered),
    }));
  }

  periodOf(msn: number): DashPeriod | undefined {
    return this.periods.findLast((period) => period.firstMsn <= msn);
  }

  /** A segment begins. `isGap`: and has no media. */
  opened(rendition: RenditionWindow, segment: SegmentStart, isGap: boolean): void {
    if (isRung(this.stream, rendition)) {
      if (!isGap) this.joined(rendition, segment);
      return;
    }
    const { name, timescale } = rendition.description;
    const startSeconds = segment.startTicks / timescale;
    const current = this.periodOf(segment.msn);
    const isFirst = segment.msn === current?.firstMsn;
    if (current === undefined || ((!isFirst || current.isAhead) && hasBreak(current, name, segment))) {
      this.begin(segment, startSeconds, { mode: 'undecided' }, current);
    } else if ((!isFirst || current.isAhead) && (isGap || !isOnGrid(current, segment, timescale))) {
      this.begin(segment, startSeconds, { mode: 'timeline' }, current);
    } else if (isFirst) {
      this.arrive(current, startSeconds);
    }
    const period = this.periodOf(segment.msn)!;
    period.initVersions.set(name, segment.initVersion);
    if (segment.msn === period.firstMsn && !isGap) period.offered.add(name);
    if (rendition === referenceOf(this.stream) && !isGap) this.settle(segment.msn);
  }

  /** A segment with media is complete: the first of a Period decides how its segments are addressed. */
  completed(rendition: RenditionWindow, segment: Segment): void {
    const period = this.periodOf(segment.msn);
    if (period?.addressing.mode !== 'undecided' || rendition !== referenceOf(this.stream)) return;
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

  /** Nobody new is to be offered the rung: it is left out from the next segment on. */
  withdrawn(rendition: RenditionWindow): void {
    const { name } = rendition.description;
    const newest = this.periods.at(-1);
    const reference = referenceOf(this.stream);
    if (newest === undefined || reference?.lastSegment === undefined || !newest.offered.has(name)) return;
    if (newest.isAhead || newest.addressing.mode === 'undecided') newest.offered.delete(name);
    else this.announce(newest, reference);
  }

  /** Forgets Periods whose last segment was before `firstMsn`. */
  trim(firstMsn: number): void {
    while (this.periods[0]?.end !== undefined && this.periods[0].end.msn <= firstMsn) this.periods.shift();
  }

  /** A rung begins a segment: it belongs to a Period of which nobody was told yet, or that begins anew for it. */
  private joined(rung: RenditionWindow, segment: SegmentStart): void {
    const { name, timescale } = rung.description;
    const period = this.periodOf(segment.msn);
    if (period === undefined || period.offered.has(name) || !isOnGrid(period, segment, timescale)) return;
    const reference = referenceOf(this.stream);
    const led = reference?.find(segment.msn);
    if (reference === undefined || led === undefined) return;
    const isUntold = this.isBeginning || (!period.isContinuation && !led.isComplete);
    if (segment.msn === period.firstMsn && isUntold) {
      period.offered.add(name);
      period.initVersions.set(name, segment.initVersion);
    } else if (segment.msn === period.firstMsn + 1 && this.periods.length === 1 && !led.isComplete) {
      this.continue(period, segment.msn, led.startTicks / reference.description.timescale, false);
    }
  }

  /** The stream has one segment, or goes on behind it with the rungs made since: viewers still wait for what is planned. */
  private get isBeginning(): boolean {
    const [first, second, third] = this.periods;
    return third === undefined && (second === undefined || second.firstMsn === first!.firstMsn + 1);
  }

  /** The reference begins segment `msn`: rungs that come or go since the Period began are taken in or left out with the next one, which also begins where a clock that is followed has come to. */
  private settle(msn: number): void {
    const newest = this.periods.at(-1);
    const reference = referenceOf(this.stream);
    if (newest === undefined || newest.isAhead || reference === undefined) return;
    const mayStillJoin = newest.addressing.mode === 'undecided' || (newest.firstMsn === msn && !newest.isContinuation);
    if (mayStillJoin) return;
    if (isDrifting(newest, reference)) {
      this.announce(newest, reference);
      return;
    }
    for (const rendition of this.stream.renditions.values()) {
      const isOffered = newest.offered.has(rendition.description.name);
      if (isOffered && isResting(this.stream, rendition)) continue;
      if (!isRung(this.stream, rendition) || isOffered === isFlowing(rendition, newest)) continue;
      this.announce(newest, reference);
      return;
    }
  }

  private announce(previous: DashPeriod, reference: RenditionWindow): void {
    this.continue(previous, reference.lastSegment!.msn + 1, nextStartSeconds(reference, previous), true);
  }

  /** The same way of addressing, with the renditions that have media now. */
  private continue(previous: DashPeriod, msn: number, startSeconds: number, isAhead: boolean): void {
    const { addressing, discontinuitySequence } = previous;
    const initVersions = new Map<string, number>();
    for (const rendition of this.stream.renditions.values()) {
      const { lastSegment, description } = rendition;
      const stays = previous.offered.has(description.name) && isResting(this.stream, rendition);
      if (stays || isFlowing(rendition, previous)) initVersions.set(description.name, lastSegment!.initVersion);
    }
    const offered = new Set(initVersions.keys());
    const id = `p${msn}`;
    const state = { isContinuation: true, isAhead, end: previous.end };
    this.insert({
      id,
      firstMsn: msn,
      discontinuitySequence,
      startSeconds,
      addressing,
      initVersions,
      offered,
      ...state,
    });
  }

  private begin(
    { msn, discontinuitySequence }: SegmentStart,
    startSeconds: number,
    addressing: Addressing,
    current: DashPeriod | undefined,
  ): void {
    // What was announced for this segment comes otherwise, perhaps at another time: that is another Period.
    const isReplaced = current?.isAhead === true && current.firstMsn === msn;
    if (isReplaced) this.periods.splice(this.periods.indexOf(current), 1);
    this.insert({
      id: isReplaced ? `p${msn}r` : `p${msn}`,
      firstMsn: msn,
      discontinuitySequence,
      startSeconds,
      addressing,
      end: current?.end,
      initVersions: new Map(),
      offered: new Set(),
      isContinuation: false,
      isAhead: false,
    });
  }

  private insert(next: DashPeriod): void {
    const before = this.periods.findLastIndex((period) => period.firstMsn < next.firstMsn);
    this.periods.splice(before + 1, 0, next);
    const previous = this.periods[before];
    if (previous !== undefined) previous.end = { msn: next.firstMsn, seconds: next.startSeconds };
  }

  /** A rendition begins the Period's first segment. */
  private arrive(period: DashPeriod, startSeconds: number): void {
    const { addressing, isAhead } = period;
    if (addressing.mode === 'undecided') period.startSeconds = Math.min(period.startSeconds, startSeconds);
    if (!isAhead) return;
    period.isAhead = false;
    if (addressing.mode === 'number') return; // listed already, so it stays
    period.startSeconds = startSeconds;
    const previous = this.periods[this.periods.indexOf(period) - 1];
    if (previous !== undefined) previous.end = { msn: period.firstMsn, seconds: startSeconds };
  }
}

function hasBreak(current: DashPeriod, name: string, segment: SegmentStart): boolean {
  const initVersion = current.initVersions.get(name);
  return (
    segment.discontinuitySequence !== current.discontinuitySequence ||
    (initVersion !== undefined && initVersion !== segment.initVersion)
  );
}

/** Whether more media will probably follow what there is of it, in step with the Period. */
function isFlowing({ lastSegment, description }: RenditionWindow, period: DashPeriod): boolean {
  if (lastSegment === undefined || lastSegment.isGap || description.isWithdrawn === true) return false;
  return isOnGrid(period, lastSegment, description.timescale);
}
