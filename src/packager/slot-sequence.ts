import type { AudioJoin } from './audio-join.ts';
import type { FeedOpening } from './feed-opening.ts';
import type { Lanes } from './lanes.ts';
import type { PackagerCounters } from './packager-counters.ts';
import type { SegmentClock } from './segment-clock.ts';
import type { Slot, SlotPlace } from './slot.ts';

/**
 * The slots of the segment clock, one after the other: opens and closes them in all renditions in step. What leads, video or
 * audio, decides when; nothing leads while no publisher is there. All times are stream time, ms.
 */
export class SlotSequence {
  lead: 'video' | 'audio' | undefined;
  /** Time that passes is being filled with gaps: media goes on only behind another beginning. */
  isGapping = false;
  nowMs = 0;
  /** When a segment or a gap was listed last. */
  lastListedMs = 0;
  /** When the newest frame of what leads came. */
  lastArrivalMs = 0;
  private readonly feedOpening: FeedOpening;
  private readonly clock: SegmentClock;
  private readonly lanes: Lanes;
  private readonly audioJoin: AudioJoin;
  private readonly counters: PackagerCounters;
  private slot: Slot | undefined;
  private mediaEndMs = 0;

  constructor(parts: {
    readonly feedOpening: FeedOpening;
    readonly clock: SegmentClock;
    readonly lanes: Lanes;
    readonly audioJoin: AudioJoin;
    readonly counters: PackagerCounters;
  }) {
    this.feedOpening = parts.feedOpening;
    this.clock = parts.clock;
    this.lanes = parts.lanes;
    this.audioJoin = parts.audioJoin;
    this.counters = parts.counters;
  }

  /** The slot that is being filled. */
  get current(): Slot | undefined {
    return this.slot;
  }

  /** Up to where what leads has come, with media or with gaps. */
  get endMs(): number {
    return this.mediaEndMs;
  }

  /** A publisher's frames follow from `startMs` on. */
  begin(startMs: number, lead: 'video' | 'audio'): void {
    this.isGapping = false;
    this.clock.restart();
    this.lead = lead;
    this.skipTo(startMs);
    this.lastArrivalMs = this.nowMs;
    this.lastListedMs = this.nowMs;
    this.lanes.audio?.expect(this.nowMs);
  }

  skipTo(endMs: number): void {
    this.mediaEndMs = Math.max(this.mediaEndMs, endMs);
  }

  /** What leads has media up to `endMs`. */
  advance(endMs: number): void {
    this.mediaEndMs = endMs;
    this.lanes.audio?.advanceClock(endMs);
  }

  /** `keyframePtsMs`: of the source's keyframe that it begins with, where it does. */
  open(startMs: number, keyframePtsMs?: number): Slot {
    if (this.lead !== undefined) this.audioJoin.enterSlot(this.mediaEndMs, this.nowMs);
    const slot = this.next(keyframePtsMs === undefined ? { startMs } : { startMs, keyframePtsMs });
    this.slot = slot;
    if (this.lead === 'video') {
      this.lanes.video!.open(slot);
      this.lanes.rungs.schedule(slot);
    }
    this.lanes.audio?.schedule(slot);
    return slot;
  }

  /** Ends the open segment of what leads. The first one opens the feed: the stream can be seen from now on. */
  close(): void {
    const { slot } = this;
    const { video, audio } = this.lanes;
    if (slot === undefined) return;
    this.slot = undefined;
    this.lastListedMs = this.nowMs;
    if (this.lead === 'video') {
      video!.track.flush();
      this.mediaEndMs = video!.endMs;
      this.feedOpening.open(video!.elapsedMs);
      video!.close();
      this.lanes.measureFrameRate(video!);
    } else {
      const endMs = audio?.endMs ?? slot.startMs;
      this.feedOpening.open(audio?.elapsedMs ?? 0);
      this.gapVideo(slot, endMs);
    }
  }

  /** The publisher is gone: what is open ends, in rungs when what is still being made of it has come. What nobody has seen yet is forgotten. */
  interrupt(): void {
    if (!this.feedOpening.isDone) {
      this.discard();
      return;
    }
    this.close();
    this.lanes.rungs.drain(this.mediaEndMs);
    this.lanes.audio?.finish(this.mediaEndMs);
  }

  /** Closes what is open in all renditions, in step. What nobody has seen yet is forgotten. */
  closeAll(): void {
    if (!this.feedOpening.isDone) {
      this.discard();
      return;
    }
    this.close();
    this.lanes.rungs.finish(this.mediaEndMs);
    this.lanes.audio?.finish(this.mediaEndMs);
  }

  /** A slot without media, from where media ended. */
  gap(endMs: number): void {
    const slot = this.next({ startMs: this.mediaEndMs, gapEndMs: endMs });
    const { audio } = this.lanes;
    this.counters.gapSegments++;
    this.gapVideo(slot, endMs);
    audio?.schedule(slot);
    this.mediaEndMs = endMs;
    this.lastListedMs = this.nowMs;
    if (this.lead !== 'video' || audio?.isIdle(this.nowMs)) audio?.finish(endMs);
    else audio?.advanceClock(endMs);
  }

  private gapVideo(slot: Slot, endMs: number): void {
    const { video, rungs } = this.lanes;
    if (video === undefined) return;
    video.gap(slot, endMs);
    rungs.gap(slot, endMs);
  }

  private next(place: SlotPlace): Slot {
    const slot = this.clock.next(place);
    if (slot.isDiscontinuity) this.counters.discontinuities++;
    return slot;
  }

  private discard(): void {
    if (this.slot === undefined) return;
    this.feedOpening.discard();
    this.lanes.video?.discard();
    this.lanes.rungs.discard();
    this.lanes.audio?.discard();
    this.slot = undefined;
    this.clock.nextMsn = 1;
  }
}
