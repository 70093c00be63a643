import { ticksFromMs } from '../media/ticks.ts';
import type { SegmentStart } from '../stream/feed.ts';

export interface SlotPlace {
  readonly startMs: number;
  /** Presentation time of the source's keyframe that it begins with, stream time; absent where it begins without one. */
  readonly keyframePtsMs?: number;
  /** Known from the start for a slot that the segment clock has no media for. */
  readonly gapEndMs?: number;
}

/** One segment's place on stream time, before a rendition fills it: equal for all renditions, so that they stay aligned. */
export interface Slot extends SlotPlace {
  readonly msn: number;
  readonly isDiscontinuity: boolean;
  readonly discontinuitySequence: number;
}

export function segmentStart(slot: Slot, startTicks: number, initVersion: number): SegmentStart {
  const { msn, isDiscontinuity, discontinuitySequence } = slot;
  return { msn, startTicks, isDiscontinuity, discontinuitySequence, initVersion };
}

/** Where the slot starts on a rendition's own clock, but never before what the rendition has already written. */
export function slotTicks(slot: Slot, timescale: number, writtenTicks: number): number {
  return Math.max(ticksFromMs(slot.startMs, timescale), writtenTicks);
}
