import type { Report } from './findings.ts';
import type { CheckedPart, MediaPlaylist } from './media-playlist.ts';

/** Times are written with three to five decimals: what rounding alone can make of a sum. */
const roundingSeconds = 0.001;
/** One frame at 24 fps: how exact sums and dates have to be. */
const frameSeconds = 1 / 24;

/** What one media playlist must hold by itself. `isTransportStream`: MPEG-TS needs no EXT-X-MAP. */
export function checkMediaPlaylist(playlist: MediaPlaylist, isTransportStream: boolean, report: Report): void {
  checkVersion(playlist, report);
  checkDurations(playlist, report);
  checkDates(playlist, report);
  checkServerControl(playlist, report);
  checkParts(playlist, report);
  checkHints(playlist, report);
  if (!isTransportStream) {
    for (const segment of playlist.segments) {
      if (segment.mapUri === undefined && !segment.isGap) report('HLS-14', `segment ${segment.msn} without EXT-X-MAP`);
    }
  }
  if (playlist.mediaSequence < 1) report('LL-19', `EXT-X-MEDIA-SEQUENCE is ${playlist.mediaSequence}`);
  const hasDiscontinuity = playlist.segments.some((segment) => segment.isDiscontinuity);
  if (hasDiscontinuity && playlist.discontinuitySequence === undefined) {
    report('HLS-10', 'a discontinuity, but no EXT-X-DISCONTINUITY-SEQUENCE');
  }
}

/** HLS-02. A playlist that offers delta updates may say 9 in full as well: its updates have to. */
function checkVersion(playlist: MediaPlaylist, report: Report): void {
  const { version } = playlist;
  const canSkip = playlist.serverControl?.['CAN-SKIP-UNTIL'] !== undefined;
  const hasMap = playlist.segments.some((segment) => segment.mapUri !== undefined);
  let needed = 3;
  if (hasMap) needed = 6;
  if (playlist.segments.some((segment) => segment.isGap)) needed = 8;
  if (playlist.skippedSegments !== undefined) needed = 9;
  if (version < needed) report('HLS-02', `EXT-X-VERSION ${version} is below the ${needed} that is used`);
  const highest = canSkip ? Math.max(needed, 9) : needed;
  if (version > highest) report('HLS-02', `EXT-X-VERSION ${version} is above the ${highest} that is needed`);
}

function checkDurations(playlist: MediaPlaylist, report: Report): void {
  const { targetDuration } = playlist;
  if (!Number.isInteger(targetDuration) || targetDuration < 1) report('HLS-03', `target duration ${targetDuration}`);
  for (const { msn, duration, parts } of playlist.segments) {
    if (Math.round(duration) > targetDuration)
      report('HLS-03', `segment ${msn} lasts ${duration} s of ${targetDuration}`);
    if (parts.length === 0) continue;
    const sum = parts.reduce((total, part) => total + part.duration, 0);
    if (Math.abs(sum - duration) > roundingSeconds * (parts.length + 1)) {
      report('HLS-17', `segment ${msn}: EXTINF ${duration}, its parts ${sum.toFixed(5)}`);
    }
  }
}

function checkDates(playlist: MediaPlaylist, report: Report): void {
  const [first] = playlist.segments;
  const isWhole = playlist.skippedSegments === undefined;
  if (first !== undefined && isWhole && first.dateTimeMs === undefined)
    report('HLS-12', 'no date on the first segment');
  let expectedMs: number | undefined;
  for (const segment of playlist.segments) {
    if (segment.isDiscontinuity) {
      expectedMs = undefined;
      if (segment.dateTimeMs === undefined) report('HLS-12', `discontinuity ${segment.msn} without a date`);
    }
    if (segment.dateTimeMs !== undefined && expectedMs !== undefined) {
      const offMs = segment.dateTimeMs - expectedMs;
      if (Math.abs(offMs) > frameSeconds * 1000) report('HLS-12', `segment ${segment.msn}: date off by ${offMs} ms`);
    }
    const startMs = segment.dateTimeMs ?? expectedMs;
    expectedMs = startMs === undefined ? undefined : startMs + segment.duration * 1000;
  }
}

function checkServerControl(playlist: MediaPlaylist, report: Report): void {
  const { serverControl, targetDuration, partTarget } = playlist;
  const attribute = (name: string) => {
    const value = serverControl?.[name];
    return value === undefined ? undefined : Number(value);
  };
  const partHoldBack = attribute('PART-HOLD-BACK');
  const holdBack = attribute('HOLD-BACK');
  const canSkipUntil = attribute('CAN-SKIP-UNTIL');
  if (partTarget !== undefined && partHoldBack === undefined) report('LL-03', 'PART-HOLD-BACK is missing');
  if (partTarget !== undefined && partHoldBack !== undefined && partHoldBack < 3 * partTarget - 1e-9) {
    report('LL-03', `PART-HOLD-BACK ${partHoldBack} is below three part targets of ${partTarget}`);
  }
  if (holdBack !== undefined && holdBack < 3 * targetDuration) report('LL-04', `HOLD-BACK ${holdBack}`);
  if (canSkipUntil !== undefined && canSkipUntil < 6 * targetDuration)
    report('LL-04', `CAN-SKIP-UNTIL ${canSkipUntil}`);
}

function checkParts(playlist: MediaPlaylist, report: Report): void {
  const { partTarget, segments, open, targetDuration } = playlist;
  const listed = [...segments, ...(open === undefined ? [] : [open])];
  const hasParts = listed.some((segment) => segment.parts.length > 0);
  if (hasParts && partTarget === undefined) report('LL-01', 'parts, but no EXT-X-PART-INF');
  if (partTarget === undefined) return;
  for (const segment of segments) checkPartDurations(segment.msn, segment.parts, true, partTarget, report);
  if (open !== undefined) checkPartDurations(open.msn, open.parts, false, partTarget, report);

  // LL-06: parts may stay for three target durations from the end; one segment more, as an edge falls within one.
  let secondsToEnd = open?.parts.reduce((total, part) => total + part.duration, 0) ?? 0;
  for (const segment of segments.toReversed()) {
    if (segment.parts.length > 0 && secondsToEnd > 4 * targetDuration) {
      report('LL-06', `segment ${segment.msn} lists parts ${secondsToEnd.toFixed(1)} s before the end`);
    }
    secondsToEnd += segment.duration;
  }
}

/** LL-02: never above the target; below 85 % only where a client expects it. */
function checkPartDurations(
  msn: number,
  parts: readonly CheckedPart[],
  isComplete: boolean,
  target: number,
  report: Report,
): void {
  for (const [index, part] of parts.entries()) {
    if (part.duration > target + 1e-9) report('LL-02', `part ${msn}.${index} lasts ${part.duration} of ${target}`);
    const isFinal = index === parts.length - 1;
    const maySoonEnd = isFinal && !isComplete; // may prove to be the final one
    const isExempt = part.isGap || (isFinal && isComplete) || maySoonEnd || parts[index + 1]?.isGap === true;
    if (!isExempt && !(part.isIndependent && index > 0) && part.duration < 0.85 * target - 1e-9) {
      report('LL-02', `part ${msn}.${index} lasts only ${part.duration} of ${target}`);
    }
  }
}

function checkHints(playlist: MediaPlaylist, report: Report): void {
  const types = playlist.hints.map((hint) => hint.TYPE);
  if (new Set(types).size !== types.length) report('LL-07', `several hints: ${types.join(' ')}`);
  if (playlist.isEnded && types.length > 0) report('LL-08', 'a hint after the end');
}
