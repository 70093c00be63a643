/** A segment or part as a playlist lists it; `part` is undefined for whole segments. */
export interface ListedMedia {
  readonly uri: string;
  readonly msn: number;
  readonly part: number | undefined;
  readonly durationMs: number;
  readonly isIndependent: boolean;
  /** When its last frame ends, by EXT-X-PROGRAM-DATE-TIME where there is one; otherwise from the playlist's beginning. */
  readonly endMs: number;
}

/** What a simulated player needs of a media playlist (RFC 8216bis §4.4). */
export interface ListedPlaylist {
  readonly targetDurationMs: number;
  /** 0 when it lists no parts. */
  readonly partTargetMs: number;
  readonly partHoldBackMs: number;
  readonly initializationUri: string | undefined;
  readonly segments: readonly ListedMedia[];
  readonly parts: readonly ListedMedia[];
  /** What to ask a blocking reload for: the first part that is not listed. */
  readonly next: { readonly msn: number; readonly part: number };
  readonly isEnded: boolean;
}

/** Throws when it is not a media playlist. A gap is listed as a segment of no bytes would be: not at all. */
export function listPlaylist(text: string): ListedPlaylist {
  if (!text.startsWith('#EXTM3U')) throw new Error(`not a playlist: ${text.slice(0, 80)}`);
  const segments: ListedMedia[] = [];
  const parts: ListedMedia[] = [];
  let targetDurationMs = 0;
  let partTargetMs = 0;
  let partHoldBackMs = 0;
  let initializationUri: string | undefined;
  let isEnded = false;
  let isGap = false;
  let msn = 0;
  let part = 0;
  let segmentStartMs = 0;
  let partStartMs = 0;
  let durationMs = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('#EXTINF:')) durationMs = 1000 * Number.parseFloat(line.slice(8));
    else if (line.startsWith('#EXT-X-PART:')) {
      const partMs = 1000 * Number.parseFloat(/DURATION=([\d.]+)/.exec(line)?.[1] ?? '');
      partStartMs += partMs;
      const isIndependent = line.includes('INDEPENDENT=YES');
      parts.push({ uri: uriIn(line), msn, part: part++, durationMs: partMs, isIndependent, endMs: partStartMs });
    } else if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) {
      segmentStartMs = Date.parse(line.slice(25));
      partStartMs = segmentStartMs;
    } else if (line.startsWith('#EXT-X-MEDIA-SEQUENCE:')) msn = Number(line.slice(22));
    else if (line.startsWith('#EXT-X-TARGETDURATION:')) targetDurationMs = 1000 * Number(line.slice(22));
    else if (line.startsWith('#EXT-X-PART-INF:')) partTargetMs = 1000 * Number.parseFloat(line.slice(28));
    else if (line.startsWith('#EXT-X-SERVER-CONTROL:')) {
      partHoldBackMs = 1000 * Number.parseFloat(/PART-HOLD-BACK=([\d.]+)/.exec(line)?.[1] ?? '0');
    } else if (line.startsWith('#EXT-X-MAP:')) initializationUri = uriIn(line);
    else if (line.startsWith('#EXT-X-GAP')) isGap = true;
    else if (line.startsWith('#EXT-X-ENDLIST')) isEnded = true;
    else if (!line.startsWith('#')) {
      segmentStartMs += durationMs;
      if (!isGap) {
        segments.push({
          uri: line.trim(),
          msn,
          part: undefined,
          durationMs,
          isIndependent: true,
          endMs: segmentStartMs,
        });
      }
      partStartMs = segmentStartMs;
      isGap = false;
      part = 0;
      msn++;
    }
  }
  const next = { msn, part };
  return { targetDurationMs, partTargetMs, partHoldBackMs, initializationUri, segments, parts, next, isEnded };
}

function uriIn(line: string): string {
  return /URI="([^"]+)"/.exec(line)?.[1] ?? '';
}
