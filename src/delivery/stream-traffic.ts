import { DurationHistogram } from '../base/duration-histogram.ts';
import type { Part } from '../stream/feed.ts';
import { addPartAges } from '../stream/part-arrival.ts';
import type { Segment } from '../stream/window.ts';

/** What one delivery has sent of one stream, and how old media was by then. Counts only grow. */
export class StreamTraffic {
  /** Of media and playlists. */
  bytes = 0;
  /** From a frame's arrival to the playlist that lists it, and to its first viewer here. */
  readonly listed = new DurationHistogram();
  readonly delivered = new DurationHistogram();
  private newestMsn = 0;
  private newestIndex = -1;

  /** Of the rendition that is measured: its parts know when their frames came. */
  partListed({ arrival }: Part, nowMs: number): void {
    if (arrival !== undefined) addPartAges(this.listed, arrival, nowMs);
  }

  /** A viewer is sent a part; only the first one counts. */
  partSent({ arrival, msn, index }: Part, nowMs: number): void {
    if (arrival === undefined || msn < this.newestMsn || (msn === this.newestMsn && index <= this.newestIndex)) return;
    this.newestMsn = msn;
    this.newestIndex = index;
    addPartAges(this.delivered, arrival, nowMs);
  }

  /** A viewer is sent a whole segment. */
  segmentSent({ msn, parts }: Segment, nowMs: number): void {
    if (msn < this.newestMsn) return;
    for (const part of parts) this.partSent(part, nowMs);
  }
}
