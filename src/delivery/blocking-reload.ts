import type { RenditionWindow, StreamWindow } from '../stream/window.ts';
import type { DeliveryDirectives } from './delivery-directives.ts';

/** A point of the future that a playlist request waits for: a complete segment, or one of its parts. */
export interface ReloadPoint {
  readonly msn: number;
  readonly part?: number;
}

/**
 * Whether a playlist request is answered now, refused, or held (RFC 8216bis §6.2.5.2). The rendition has a complete segment.
 * Old points are answered with the whole playlist, also those that have left it.
 */
export function decideReload(
  stream: StreamWindow,
  rendition: RenditionWindow,
  directives: DeliveryDirectives,
): 'now' | 'too-far' | ReloadPoint {
  const { msn, part } = directives;
  if (stream.isEnded || msn === undefined) return 'now';
  const point: ReloadPoint = part === undefined ? { msn } : { msn, part };
  if (isReached(rendition, point)) return 'now';
  const lastMsn = rendition.lastComplete?.msn ?? 0;
  if (msn > lastMsn + 2) return 'too-far';
  if (part !== undefined && partsAhead(rendition, msn, part) > advancePartLimit(stream.stream.partTargetMs)) {
    return 'too-far';
  }
  return point;
}

/** Whether the playlist already contains the point, or something later. */
export function isReached(rendition: RenditionWindow, { msn, part }: ReloadPoint): boolean {
  const complete = rendition.lastComplete;
  if (complete === undefined) return false;
  if (msn < complete.msn) return true;
  const open = rendition.lastSegment;
  const openParts = open === undefined || open.isComplete ? 0 : open.parts.length;
  if (msn === complete.msn) {
    // A part past the last one of its segment means part 0 of the next; a gap has none to wait for.
    return part === undefined || complete.isGap || part < complete.parts.length || openParts > 0;
  }
  return part !== undefined && open !== undefined && msn === open.msn && part < openParts;
}

function partsAhead(rendition: RenditionWindow, msn: number, part: number): number {
  const last = lastPart(rendition);
  return last !== undefined && msn === last.msn ? part - last.index : part + 1;
}

/** The newest part of a rendition, if its newest segment has any. */
export function lastPart(rendition: RenditionWindow): { readonly msn: number; readonly index: number } | undefined {
  const open = rendition.lastSegment;
  const segment = open !== undefined && open.parts.length > 0 ? open : rendition.lastComplete;
  if (segment === undefined || segment.parts.length === 0) return undefined;
  return { msn: segment.msn, index: segment.parts.length - 1 };
}

function advancePartLimit(partTargetMs: number): number {
  return partTargetMs < 1000 ? 3000 / partTargetMs : 3;
}

/**
 * The part that comes next (EXT-X-PRELOAD-HINT), if one can be promised: nothing is while media is interrupted with
 * no segment open, of a rendition that is withdrawn, nor after the end. The first part behind a discontinuity is not hinted either: who fetched it before its
 * EXT-X-DISCONTINUITY and EXT-X-MAP are listed would decode it with the old ones (shaka does).
 */
export function hintedPart(
  stream: StreamWindow,
  rendition: RenditionWindow,
): { readonly msn: number; readonly index: number } | undefined {
  const last = rendition.lastSegment;
  if (stream.isEnded || last === undefined || rendition.description.isWithdrawn === true) return undefined;
  if (stream.isInterrupted && (last.isComplete || last.parts.length === 0)) return undefined;
  if (last.isDiscontinuity && !last.isComplete && last.parts.length === 0) return undefined;
  if (last.isComplete || last.parts.at(-1)?.isPredictedLast === true) return { msn: last.msn + 1, index: 0 };
  return { msn: last.msn, index: last.parts.length };
}
