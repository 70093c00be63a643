import type { Report } from './findings.ts';
import type { RenditionWatch, SegmentRecord } from './rendition-watch.ts';

/** A segment as its media and its playlist tell, in seconds. */
export interface TimedSegment {
  readonly msn: number;
  readonly discontinuitySequence: number;
  /** First presentation time, by the samples. */
  readonly presentation: number;
  /** EXTINF. */
  readonly duration: number;
  /** EXT-X-PROGRAM-DATE-TIME, written or counted on; since the epoch. */
  readonly date: number | undefined;
  /** The longest of a frame of it, by the samples. */
  readonly frame: number;
}

/** What times are written with, and what a frame rate does not divide: never counts as a frame. */
const roundingSeconds = 0.002;

/** Everything that was fetched of a rendition and can be timed, in order. */
export function timedSegments({ segments, inits, url }: RenditionWatch): TimedSegment[] {
  const timed = [...segments.values()].flatMap(({ listing, facts }: SegmentRecord) => {
    const init = listing.mapUri === undefined ? undefined : inits.get(new URL(listing.mapUri, url).href);
    if (facts === undefined || init === undefined) return [];
    const samples = facts.fragments.flatMap((fragment) => fragment.samples);
    const { msn, discontinuitySequence, duration, startsAtMs } = listing;
    return {
      ...{ msn, discontinuitySequence, duration },
      presentation: facts.firstPresentationTicks / init.timescale,
      date: startsAtMs === undefined ? undefined : startsAtMs / 1000,
      frame: samples.reduce((longest, sample) => Math.max(longest, sample.durationTicks), 0) / init.timescale,
    };
  });
  return timed.sort((a, b) => a.msn - b.msn);
}

/**
 * One rendition by its media: what EXTINF says adds up to what is presented (HLS-17), and dates go with presentation times (HLS-12),
 * each within one frame, however long it goes on without a discontinuity.
 */
export function checkMediaTimes(segments: readonly TimedSegment[], report: Report): void {
  let first: TimedSegment | undefined;
  let last: TimedSegment | undefined;
  let sum = 0;
  for (const segment of segments) {
    const goesOn = last?.msn === segment.msn - 1 && last.discontinuitySequence === segment.discontinuitySequence;
    if (!goesOn || first === undefined) {
      first = segment;
      sum = 0;
    }
    const sinceFirst = segment.presentation - first.presentation;
    const limit = segment.frame + roundingSeconds;
    if (Math.abs(sinceFirst - sum) > limit) {
      report(
        'HLS-17',
        `EXTINF of segments ${first.msn} to ${segment.msn} add up to ${sum.toFixed(3)} s of ${sinceFirst.toFixed(3)}`,
      );
    }
    if (segment.date !== undefined && first.date !== undefined) {
      const dateSinceFirst = segment.date - first.date;
      if (Math.abs(dateSinceFirst - sinceFirst) > limit) {
        report('HLS-12', `segment ${segment.msn}: its date is off its media by ${offMs(dateSinceFirst - sinceFirst)}`);
      }
    }
    sum += segment.duration;
    last = segment;
  }
}

/** HLS-11: segments of one number begin with one picture, last equally long, and have one date, each within one frame. */
export function checkTimesAcross(a: readonly TimedSegment[], b: readonly TimedSegment[], report: Report): void {
  const others = new Map(b.map((segment) => [segment.msn, segment]));
  // Where media breaks off, frames that were still to be reordered are missing in each rendition in its own way.
  const goesOn = new Set(
    a.flatMap(({ msn, discontinuitySequence }, index) => {
      const next = a[index + 1];
      return next?.msn === msn + 1 && next.discontinuitySequence === discontinuitySequence ? msn : [];
    }),
  );
  for (const segment of a) {
    const other = others.get(segment.msn);
    if (other === undefined) continue;
    const limit = Math.max(segment.frame, other.frame) + roundingSeconds;
    const apart = (what: string, seconds: number) => {
      if (Math.abs(seconds) > limit) report('HLS-11', `segment ${segment.msn}: ${what} ${offMs(seconds)} apart`);
    };
    apart('first presentation', segment.presentation - other.presentation);
    if (goesOn.has(segment.msn)) apart('durations', segment.duration - other.duration);
    if (segment.date !== undefined && other.date !== undefined) apart('dates', segment.date - other.date);
  }
}

function offMs(seconds: number): string {
  return `${(seconds * 1000).toFixed(0)} ms`;
}
