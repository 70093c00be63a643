import { msFromTicks, ticksFromMs } from '../media/ticks.ts';
import type { RenditionWindow, Segment, StreamWindow } from '../stream/window.ts';
import { hintedPart, lastPart } from './blocking-reload.ts';

export interface MediaPlaylistOptions {
  readonly stream: StreamWindow;
  readonly rendition: RenditionWindow;
  /** Asked for by the channel's name: media is referred to under the stream's id, where it may be cached. */
  readonly isByChannel: boolean;
  /** A delta update was asked for (RFC 8216bis §6.2.5.1). */
  readonly skip?: 'YES' | 'v2';
}

/** Low-latency media playlist of CMAF segments and parts (RFC 8216bis §4.4.3, §4.4.4, appendix B). */
export function writeMediaPlaylist(options: MediaPlaylistOptions): string {
  const { stream, rendition } = options;
  const { targetDurationSeconds, partTargetMs, streamId } = stream.stream;
  const listed = listedSegments(rendition);
  const first = listed[0];
  if (first === undefined) throw new Error(`rendition ${rendition.description.name} has no complete segment`);
  const skipped = options.skip === undefined ? 0 : skippableSegments(stream, rendition, listed);
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${cmafVersion(listed, skipped, options.skip)}`,
    `#EXT-X-TARGETDURATION:${targetDurationSeconds}`,
    serverControl(stream),
    `#EXT-X-PART-INF:PART-TARGET=${seconds(partTargetMs / 1000)}`,
    ...sequenceTags(first),
  ];
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
  const { name } = rendition.description;
  const mediaPrefix = options.isByChannel ? `../../${streamId}/${name}/` : '';
  const withParts = firstWithParts(stream, rendition, listed);
  let initVersion: number | undefined;
  for (let i = skipped; i < listed.length; i++) {
    const segment = listed[i]!;
    writeSegmentTags(lines, stream, rendition, segment, initVersion !== segment.initVersion, mediaPrefix);
    initVersion = segment.initVersion;
    if (i >= withParts) writeParts(lines, options, segment, mediaPrefix);
    if (segment.isComplete) {
      // Of a segment that broke off, parts were listed before anybody knew.
      if (segment.isGap && segment.parts.length > 0) lines.push('#EXT-X-GAP');
      lines.push(`#EXTINF:${duration(rendition, segment.durationTicks)},`, `${mediaPrefix}segment-${segment.msn}.m4s`);
    }
  }
  writeTail(lines, options, mediaPrefix);
  return `${lines.join('\n')}\n`;
}

/** MPEG-TS media playlist: whole segments only, and none beyond `lastMsn`. Returns nothing while there is none. */
export function writeTsPlaylist(options: MediaPlaylistOptions & { readonly lastMsn: number }): string | undefined {
  const { stream, rendition, lastMsn } = options;
  const listed = rendition.segments.filter((segment) => segment.isComplete && segment.msn <= lastMsn);
  const first = listed[0];
  if (first === undefined) return undefined;
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${listed.some((segment) => segment.isGap) ? 8 : 3}`,
    `#EXT-X-TARGETDURATION:${stream.stream.targetDurationSeconds}`,
    ...sequenceTags(first),
  ];
  const { name } = rendition.description;
  const mediaPrefix = options.isByChannel ? `../../${stream.stream.streamId}/${name}/` : '';
  for (const segment of listed) {
    writeSegmentTags(lines, stream, rendition, segment, false, mediaPrefix);
    if (segment.isGap && segment.parts.length > 0) lines.push('#EXT-X-GAP');
    lines.push(`#EXTINF:${duration(rendition, segment.durationTicks)},`, `${mediaPrefix}segment-${segment.msn}.ts`);
  }
  if (stream.isEnded) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

/** The complete segments, and the open one as soon as it has a part. */
function listedSegments(rendition: RenditionWindow): readonly Segment[] {
  const { segments } = rendition;
  const last = segments.at(-1);
  return last === undefined || last.isComplete || last.parts.length > 0 ? segments : segments.slice(0, -1);
}

/** As low as the tags in it allow (RFC 8216bis §8). */
function cmafVersion(listed: readonly Segment[], skipped: number, skip: 'YES' | 'v2' | undefined): number {
  if (skipped > 0) return skip === 'v2' ? 10 : 9;
  return listed.some((segment) => segment.isGap) ? 8 : 6;
}

function serverControl({ stream }: StreamWindow): string {
  const { targetDurationSeconds: target, partTargetMs } = stream;
  const partHoldBack = seconds((3 * partTargetMs) / 1000);
  return `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=${6 * target},HOLD-BACK=${3 * target},PART-HOLD-BACK=${partHoldBack}`;
}

function sequenceTags(first: Segment): string[] {
  const discontinuities = first.discontinuitySequence - (first.isDiscontinuity ? 1 : 0);
  return [`#EXT-X-MEDIA-SEQUENCE:${first.msn}`, `#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuities}`];
}

function endTicks(listed: readonly Segment[]): number {
  const last = listed.at(-1)!;
  return last.startTicks + last.durationTicks;
}

/** How many of the oldest segments lie wholly before the skip boundary, six target durations from the end. */
function skippableSegments(stream: StreamWindow, rendition: RenditionWindow, listed: readonly Segment[]): number {
  if (stream.isEnded) return 0;
  const boundary = 6 * stream.stream.targetDurationSeconds * rendition.description.timescale;
  let ahead = 0;
  for (let i = listed.length - 1; i >= 0; i--) {
    if (ahead >= boundary) return i + 1;
    ahead += listed[i]!.durationTicks;
  }
  return 0;
}

/**
 * Index of the first segment whose parts are listed: those of the segment being made and the two before it, none older than three
 * target durations, but always what a player needs that starts at PART-HOLD-BACK. Never goes back, so no part returns.
 */
function firstWithParts(stream: StreamWindow, rendition: RenditionWindow, listed: readonly Segment[]): number {
  const { targetDurationSeconds, partTargetMs } = stream.stream;
  const { timescale } = rendition.description;
  const end = endTicks(listed);
  const oldest = end - 3 * targetDurationSeconds * timescale;
  const needed = end - (4 * partTargetMs * timescale) / 1000;
  const nearest = listed.length - (listed.at(-1)!.isComplete ? 2 : 3);
  let index = listed.length;
  while (index > 0) {
    const candidate = listed[index - 1]!;
    const isNear = index > nearest && candidate.startTicks >= oldest;
    const isNeeded = candidate.startTicks + candidate.durationTicks > needed;
    if (!isNear && !isNeeded) break;
    index--;
  }
  return index;
}

function writeSegmentTags(
  lines: string[],
  stream: StreamWindow,
  rendition: RenditionWindow,
  segment: Segment,
  hasNewInit: boolean,
  mediaPrefix: string,
): void {
  if (segment.isDiscontinuity) lines.push('#EXT-X-DISCONTINUITY');
  if (hasNewInit) lines.push(`#EXT-X-MAP:URI="${mediaPrefix}init-${segment.initVersion}.mp4"`);
  if (segment.isGap && segment.parts.length === 0) lines.push('#EXT-X-GAP');
  const startMs = stream.stream.availabilityStartMs + msFromTicks(segment.startTicks, rendition.description.timescale);
  lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(Math.round(startMs)).toISOString()}`);
}

function writeParts(
  lines: string[],
  { stream, rendition }: MediaPlaylistOptions,
  segment: Segment,
  mediaPrefix: string,
): void {
  let ticks = 0;
  for (const part of segment.parts) {
    const independent = part.isIndependent ? ',INDEPENDENT=YES' : '';
    lines.push(
      `#EXT-X-PART:DURATION=${duration(rendition, part.durationTicks)},URI="${mediaPrefix}segment-${part.msn}.${part.index}.m4s"${independent}`,
    );
    ticks += part.durationTicks;
  }
  if (!segment.isGap || ticks === 0) return;
  // It broke off: the parts that are missing are listed as such, for the parts of each segment to make the whole of it.
  const missing = Math.ceil(
    (segment.durationTicks - ticks) / ticksFromMs(stream.stream.partTargetMs, rendition.description.timescale),
  );
  for (let index = 0; index < missing; index++) {
    lines.push(
      `#EXT-X-PART:DURATION=${duration(rendition, (segment.durationTicks - ticks) / missing)},URI="${mediaPrefix}segment-${segment.msn}.${segment.parts.length + index}.m4s",GAP=YES`,
    );
  }
}

function writeTail(
  lines: string[],
  { stream, rendition, isByChannel }: MediaPlaylistOptions,
  mediaPrefix: string,
): void {
  if (stream.isEnded) {
    lines.push('#EXT-X-ENDLIST');
    return;
  }
  const hint = hintedPart(stream, rendition);
  if (hint !== undefined) {
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${mediaPrefix}segment-${hint.msn}.${hint.index}.m4s"`);
  }
  const prefix = isByChannel ? `../../${stream.stream.streamId}/` : '../';
  for (const [name, other] of stream.renditions) {
    const lastMsn = other.lastComplete?.msn;
    if (other === rendition || lastMsn === undefined) continue;
    const part = lastPart(other);
    const last = part === undefined ? `LAST-MSN=${lastMsn}` : `LAST-MSN=${part.msn},LAST-PART=${part.index}`;
    lines.push(`#EXT-X-RENDITION-REPORT:URI="${prefix}${name}/index.m3u8",${last}`);
  }
}

function duration(rendition: RenditionWindow, ticks: number): string {
  return (ticks / rendition.description.timescale).toFixed(5);
}

/** Seconds without needless zeros. */
function seconds(value: number): string {
  return String(Number(value.toFixed(5)));
}
