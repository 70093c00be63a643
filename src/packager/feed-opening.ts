import type { PlannedRendition } from '../stream/feed.ts';
import type { HeldFeed } from './held-feed.ts';
import type { Lanes } from './lanes.ts';
import type { PartClock } from './part-clock.ts';
import type { SegmentClock } from './segment-clock.ts';
import { listedWindowMs } from './segment-rule.ts';

interface StreamPlan {
  readonly streamId: string;
  readonly channel: string;
  /** Wall clock of stream time zero, ms since the epoch. */
  readonly availabilityStartMs: number;
  /** How much media playlists should list. */
  readonly windowMs: number;
}

/** Lets viewers see the stream, once it is known what must never change of it. */
export class FeedOpening {
  private readonly plan: StreamPlan;
  private readonly feed: HeldFeed;
  private readonly clock: SegmentClock;
  private readonly partClock: PartClock;
  private readonly lanes: Lanes;
  private planned: readonly PlannedRendition[] = [];

  constructor(
    plan: StreamPlan,
    parts: {
      readonly feed: HeldFeed;
      readonly clock: SegmentClock;
      readonly partClock: PartClock;
      readonly lanes: Lanes;
    },
  ) {
    this.plan = plan;
    this.feed = parts.feed;
    this.clock = parts.clock;
    this.partClock = parts.partClock;
    this.lanes = parts.lanes;
  }

  get isDone(): boolean {
    return this.feed.isOpen;
  }

  /** Once: the first segment, this long, is complete. */
  open(firstSegmentMs: number): void {
    if (this.feed.isOpen) return;
    const { streamId, channel, availabilityStartMs, windowMs } = this.plan;
    const { video, rungs, renditions } = this.lanes;
    const targetDurationSeconds = this.clock.decideTargetDuration(firstSegmentMs);
    if (video !== undefined) video.rendition.frameRate ??= video.frameRate;
    rungs.measureFrameRates();
    const stream = {
      streamId,
      channel,
      availabilityStartMs,
      targetDurationSeconds,
      partTargetMs: this.partClock.settle(video?.track.intervalMs),
      windowMs: listedWindowMs(windowMs, targetDurationSeconds),
    };
    this.feed.open(
      stream,
      this.planned,
      renditions.map((rendition) => rendition.describe()),
    );
  }

  /** The rungs that are wanted, best first, in place of those before: known to viewers as soon as the stream is. */
  planRungs(planned: readonly PlannedRendition[]): void {
    this.planned = planned;
    if (this.feed.isOpen) this.feed.emit({ type: 'planned', streamId: this.plan.streamId, renditions: planned });
  }

  /** Forgets what was to be said. */
  discard(): void {
    this.feed.discard();
  }
}
