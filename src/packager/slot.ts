import { ticksFromMs } from '../media/ticks.ts';
import type { SegmentStart } from '../stream/feed.ts';

/** One segment's place on stream time, before a rendition fills it: equal for all renditions, so that they stay aligned. */
export interface Slot {
  readonly msn: number;
  readonly startMs: number;
  readonly isDiscontinuity: boolean;
  readonly discontinuitySequence: number;
  /** Known from the start for a slot that the segment clock has no media for. */
  readonly gapEndMs?: number;
}

export function segmentStart(slot: Slot, startTicks: number, initVersion: number): SegmentStart {
  const { msn, isDiscontinuity, discontinuitySequence } = slot;
  return { msn, startTicks, isDiscontinuity, discontinuitySequence, initVersion };
}

/** Where the slot starts on a rendition's own clock, but never before what the rendition has already written. */
export function slotTicks(slot: Slot, timescale: number, writtenTicks: number): number {
  return Math.max(ticksFromMs(slot.startMs, timescale), writtenTicks);
}
