import type { Report } from './findings.ts';
import type { CheckedSegment, MediaPlaylist } from './media-playlist.ts';

/**
 * What may change from one version of a playlist to a later one (RFC 8216bis §6.2.1, §6.2.2): append, remove from the front,
 * drop old parts, raise the sequence numbers, end. Both must be whole (no EXT-X-SKIP).
 */
export function checkMutation(before: MediaPlaylist, after: MediaPlaylist, report: Report): void {
  checkConstants(before, after, report);
  const removed = after.mediaSequence - before.mediaSequence;
  if (removed < 0) {
    report('HLS-04', `EXT-X-MEDIA-SEQUENCE fell from ${before.mediaSequence} to ${after.mediaSequence}`);
    return;
  }
  checkRemoval(before, after, removed, report);
  checkKept(before, after, report);
  checkHinted(before, after, report);
  if (before.isEnded && JSON.stringify(before.segments) !== JSON.stringify(after.segments)) {
    report('HLS-05', 'an ended playlist changed');
  }
  if (before.isEnded && !after.isEnded) report('HLS-09', 'EXT-X-ENDLIST was taken back');
}

function checkConstants(before: MediaPlaylist, after: MediaPlaylist, report: Report): void {
  if (before.targetDuration !== after.targetDuration) {
    report('HLS-03', `EXT-X-TARGETDURATION went from ${before.targetDuration} to ${after.targetDuration}`);
  }
  if (before.partTarget !== after.partTarget) {
    report('LL-01', `PART-TARGET went from ${before.partTarget} to ${after.partTarget}`);
  }
  if (JSON.stringify(before.serverControl) !== JSON.stringify(after.serverControl)) {
    report('HLS-23', `EXT-X-SERVER-CONTROL changed: ${JSON.stringify(after.serverControl)}`);
  }
}

function checkRemoval(before: MediaPlaylist, after: MediaPlaylist, removed: number, report: Report): void {
  const gone = before.segments.slice(0, removed);
  const lastBefore = before.segments.at(-1)?.msn ?? 0;
  const lastAfter = after.segments.at(-1)?.msn ?? 0;
  if (lastAfter < lastBefore) report('HLS-05', `the last segment went from ${lastBefore} back to ${lastAfter}`);
  const expected = (before.discontinuitySequence ?? 0) + gone.filter((segment) => segment.isDiscontinuity).length;
  if (removed <= before.segments.length && (after.discontinuitySequence ?? 0) !== expected) {
    report('HLS-10', `EXT-X-DISCONTINUITY-SEQUENCE is ${after.discontinuitySequence}, not ${expected}`);
  }
  if (before.discontinuitySequence !== undefined && after.discontinuitySequence === undefined) {
    report('HLS-10', 'EXT-X-DISCONTINUITY-SEQUENCE was dropped');
  }
  if (removed > 0) {
    const seconds = after.segments.reduce((total, segment) => total + segment.duration, 0);
    if (seconds < 3 * after.targetDuration) report('HLS-07', `${seconds} s are left after a removal`);
    if (after.segments.length < 6) report('HLS-07', `${after.segments.length} segments are left after a removal`);
  }
}

function checkKept(before: MediaPlaylist, after: MediaPlaylist, report: Report): void {
  const later = new Map(after.segments.map((segment) => [segment.msn, segment]));
  for (const segment of before.segments) {
    const kept = later.get(segment.msn);
    if (kept === undefined) continue;
    const difference = differenceOf(segment, kept);
    if (difference !== undefined) report('HLS-05', `segment ${segment.msn} changed: ${difference}`);
    if (kept.parts.length > 0 && partsText(segment) !== partsText(kept)) {
      report('HLS-05', `segment ${segment.msn}: its parts changed after it was complete`);
    }
  }
  const { open } = before;
  const grown =
    open === undefined ? undefined : (later.get(open.msn) ?? (after.open?.msn === open.msn ? after.open : undefined));
  if (open === undefined || grown === undefined || grown.parts.length === 0) return;
  if (!partsText(grown).startsWith(partsText(open))) {
    report('HLS-05', `segment ${open.msn}: parts that were listed changed`);
  }
}

function partsText(segment: Pick<CheckedSegment, 'parts'>): string {
  return segment.parts.map((part) => JSON.stringify(part)).join('');
}

/** What differs between two listings of one segment, apart from parts; `undefined` when nothing. */
export function differenceOf(a: CheckedSegment, b: CheckedSegment): string | undefined {
  const names = ['uri', 'duration', 'isGap', 'isDiscontinuity', 'discontinuitySequence', 'mapUri'] as const;
  for (const name of names) if (a[name] !== b[name]) return `${name} ${a[name]} → ${b[name]}`;
  // A date may be written out only once a segment has become the first; then it must say what was counted before.
  if (a.startsAtMs !== undefined && b.startsAtMs !== undefined && Math.abs(a.startsAtMs - b.startsAtMs) > 2) {
    return `date ${a.startsAtMs} → ${b.startsAtMs}`;
  }
  return undefined;
}

/** LL-07: what was hinted comes next, unless the media broke off (then the hint is abandoned). */
function checkHinted(before: MediaPlaylist, after: MediaPlaylist, report: Report): void {
  const hinted = before.hints.find((hint) => hint.TYPE === 'PART')?.URI;
  if (hinted === undefined || after.isEnded) return;
  const openMsn = before.open?.msn ?? (before.segments.at(-1)?.msn ?? 0) + 1;
  const known = before.open?.parts.length ?? 0;
  const segments = [...after.segments, ...(after.open === undefined ? [] : [after.open])];
  const current = segments.find((segment) => segment.msn === openMsn);
  const following = segments.find((segment) => segment.msn === openMsn + 1);
  const hasBrokenOff = (segment: typeof current) => segment?.isGap === true || segment?.isDiscontinuity === true;
  const brokeOff = hasBrokenOff(following) || (known === 0 && hasBrokenOff(current));
  const next = current?.parts[known] ?? following?.parts[0];
  // Parts that have left the playlist again, or the next segment's when this one closed early, cannot be told apart: look at names.
  if (next !== undefined && !brokeOff && next.uri !== hinted)
    report('LL-07', `hinted ${hinted}, then came ${next.uri}`);
}
