import type { Report } from './findings.ts';
import type { CheckedSegment, MediaPlaylist } from './media-playlist.ts';

/** One frame at 24 fps, ms: renditions cut at the same frame, whose times differ by rounding or an audio frame. */
const frameMs = 1000 / 24;

/** What two renditions of one stream must have in common (RFC 8216bis §6.2.4). Segments are compared by number. */
export function checkAcross(a: MediaPlaylist, b: MediaPlaylist, report: Report): void {
  if (a.targetDuration !== b.targetDuration) {
    report('HLS-11', `target durations ${a.targetDuration} and ${b.targetDuration}`);
  }
  if (JSON.stringify(a.serverControl) !== JSON.stringify(b.serverControl)) {
    report('HLS-23', `EXT-X-SERVER-CONTROL ${JSON.stringify(a.serverControl)} and ${JSON.stringify(b.serverControl)}`);
  }
  const hasDates = (playlist: MediaPlaylist) => playlist.segments.some((segment) => segment.dateTimeMs !== undefined);
  if (hasDates(a) !== hasDates(b)) report('HLS-12', 'dates in one rendition only');
  const others = new Map(b.segments.map((segment) => [segment.msn, segment]));
  for (const segment of a.segments) {
    const other = others.get(segment.msn);
    if (other !== undefined) checkPair(segment, other, report);
  }
}

function checkPair(a: CheckedSegment, b: CheckedSegment, report: Report): void {
  if (a.isDiscontinuity !== b.isDiscontinuity)
    report('HLS-11', `segment ${a.msn}: a discontinuity in one rendition only`);
  if (a.discontinuitySequence !== b.discontinuitySequence) {
    report('HLS-11', `segment ${a.msn}: discontinuity ${a.discontinuitySequence} and ${b.discontinuitySequence}`);
  }
  if (a.isGap !== b.isGap) report('HLS-15', `segment ${a.msn}: a gap in one rendition only`);
  if (a.startsAtMs === undefined || b.startsAtMs === undefined) return;
  const apartMs = Math.abs(a.startsAtMs - b.startsAtMs);
  if (apartMs > frameMs) report('HLS-11', `segment ${a.msn}: the renditions begin ${apartMs.toFixed(0)} ms apart`);
}

/** How many parts (or, without parts, segments) lie between two positions of one rendition. */
export function partsBetween(
  partCounts: ReadonlyMap<number, number>,
  from: { readonly msn: number; readonly part: number },
  to: { readonly msn: number; readonly part: number },
): number {
  const [low, high] = from.msn <= to.msn ? [from, to] : [to, from];
  let parts = high.part - low.part;
  for (let msn = low.msn; msn < high.msn; msn++) parts += partCounts.get(msn) ?? 4;
  return Math.abs(parts);
}
