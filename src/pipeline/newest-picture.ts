import type { Clock } from '../base/clock.ts';
import type { Thumbnail } from '../stream/feed.ts';
import { maxThumbnailBytes } from '../transcode/still-picture.ts';

/** A picture a keyframe would be four times what a viewer's page asks for. */
const shortestIntervalMs = 4000;

/** The newest picture of one broadcast on its way to delivery: at most one every few seconds, the newest wins. */
export class NewestPicture {
  private readonly clock: Clock;
  private waiting: Thumbnail | undefined;
  private takenAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Takes a JPEG over; one that is too large to be a thumbnail is none. */
  offer(jpeg: Uint8Array): void {
    if (jpeg.length > maxThumbnailBytes) return;
    this.waiting = { jpeg, madeAtMs: this.clock.wallMs() };
  }

  /** The picture to hand on now, if there is a new one and its time has come. */
  take(): Thumbnail | undefined {
    const { waiting, clock } = this;
    const nowMs = clock.monotonicMs();
    if (waiting === undefined || nowMs - this.takenAtMs < shortestIntervalMs) return undefined;
    this.waiting = undefined;
    this.takenAtMs = nowMs;
    return waiting;
  }
}
