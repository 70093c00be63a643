import type { HeldFeed } from './held-feed.ts';
import type { Lanes } from './lanes.ts';
import type { SegmentClock } from './segment-clock.ts';
import { availableMs, listedWindowMs } from './segment-rule.ts';
import type { SlotSequence } from './slot-sequence.ts';

/** The next segment is due 1.5 target durations after the last (RFC 8216bis §6.2.1); we are that much earlier. */
const marginMs = 400;
/** Media that pauses for less is only late. */
const pauseMs = 500;
/** A gap shorter than this is not worth a segment. */
const shortestGapMs = 50;

/** Fills the time without media with gaps, in all renditions alike, so that no playlist stops growing. */
export class Absence {
  private readonly streamId: string;
  private readonly windowMs: number;
  private readonly feed: HeldFeed;
  private readonly clock: SegmentClock;
  private readonly lanes: Lanes;
  private readonly slots: SlotSequence;

  constructor(
    { streamId, windowMs }: { readonly streamId: string; readonly windowMs: number },
    parts: {
      readonly feed: HeldFeed;
      readonly clock: SegmentClock;
      readonly lanes: Lanes;
      readonly slots: SlotSequence;
    },
  ) {
    this.streamId = streamId;
    this.windowMs = windowMs;
    this.feed = parts.feed;
    this.clock = parts.clock;
    this.lanes = parts.lanes;
    this.slots = parts.slots;
  }

  /** Time goes on. */
  tick(nowMs: number): void {
    const { slots } = this;
    slots.nowMs = nowMs;
    const { targetDurationSeconds } = this.clock;
    if (!this.feed.isOpen || targetDurationSeconds === undefined) return;
    const silentMs = nowMs - slots.lastArrivalMs;
    const dueMs = targetDurationSeconds * 1500 - marginMs;
    const isListingDue = nowMs - slots.lastListedMs >= dueMs;
    if (slots.current !== undefined && silentMs >= pauseMs && isListingDue) {
      slots.close();
      this.lanes.rungs.pause(slots.endMs);
    }
    if (silentMs >= dueMs) this.gapUntil(nowMs, targetDurationSeconds * 1000);
    const listedMs = listedWindowMs(this.windowMs, targetDurationSeconds);
    this.lanes.rungs.tick(
      slots.endMs,
      targetDurationSeconds * 1000,
      listedMs,
      availableMs(listedMs, targetDurationSeconds),
    );
    this.lanes.audio?.tick(nowMs);
  }

  /** The publisher is gone: what is open becomes a segment. */
  interrupt(): void {
    this.slots.interrupt();
    this.slots.lead = undefined;
    if (this.feed.isOpen) this.announce(true);
  }

  /** Media goes on at `startMs`, for those who have seen what was before. */
  endAt(startMs: number): void {
    this.fillUntil(startMs);
    this.clock.isDiscontinuityDue = true;
    this.announce(false);
  }

  /** The playlists of an earlier process are taken up with gaps, until a publisher returns. */
  continueFrom(endMs: number): void {
    const { slots } = this;
    slots.skipTo(endMs);
    slots.isGapping = true;
    this.announce(true);
    slots.lastArrivalMs = Number.NEGATIVE_INFINITY;
  }

  /** Gaps up to a moment, from `oldestMs` on at most. */
  catchUp(oldestMs: number, nowMs: number): void {
    this.slots.nowMs = nowMs;
    this.slots.skipTo(oldestMs);
    this.fillUntil(nowMs);
  }

  /** Exactly when gaps are being listed already, or when the hole is too long to pass over. */
  private fillUntil(startMs: number): void {
    const { slots } = this;
    const stepMs = (this.clock.targetDurationSeconds ?? 1) * 1000;
    if (!slots.isGapping && startMs - slots.endMs < stepMs * 1.5) return;
    this.gapUntil(startMs, stepMs);
    if (startMs - slots.endMs >= shortestGapMs) slots.gap(startMs);
  }

  private gapUntil(nowMs: number, stepMs: number): void {
    const { slots } = this;
    if (!slots.isGapping) {
      slots.closeAll();
      slots.isGapping = true;
      this.announce(true);
    }
    while (nowMs >= slots.endMs + stepMs) slots.gap(slots.endMs + stepMs);
  }

  private announce(interrupted: boolean): void {
    this.feed.emit({ type: 'interrupted', streamId: this.streamId, interrupted });
  }
}
