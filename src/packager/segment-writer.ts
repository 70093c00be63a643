import type { FeedMessage, SegmentStart } from '../stream/feed.ts';
import type { PartAllocator } from '../stream/part-memory.ts';
import { BitrateMeter } from './bitrate-meter.ts';
import { PartWriter } from './part-writer.ts';

export interface SegmentWriterOptions {
  readonly streamId: string;
  readonly rendition: string;
  readonly kind: 'video' | 'audio';
  readonly timescale: number;
  /** Wall clock of stream time zero, ms since the epoch, for prft. */
  readonly availabilityStartMs: number;
  readonly emit: (message: FeedMessage) => void;
  readonly memory: PartAllocator;
}

/**
 * Writes one rendition as segments and parts. Its decode time is the running sum of sample durations, so tfdt is exact by
 * construction (CMAF §7.3.2.2); whoever decides durations carries what a prediction missed into a later one.
 */
export class SegmentWriter {
  readonly rendition: string;
  readonly timescale: number;
  /** Decode time of the sample that comes next. */
  decodeTicks = 0;
  /** Duration of the open part so far. */
  partTicks = 0;
  private readonly options: SegmentWriterOptions;
  private readonly parts: PartWriter;
  /** Bit rates of the complete segments so far. */
  readonly bitrate = new BitrateMeter();
  private segment: SegmentStart | undefined;
  private segmentBytes = 0;
  private partIndex = 0;

  constructor(options: SegmentWriterOptions) {
    this.options = options;
    this.rendition = options.rendition;
    this.timescale = options.timescale;
    this.parts = new PartWriter(options.kind, options.memory);
  }

  get openSegment(): SegmentStart | undefined {
    return this.segment;
  }

  get segmentTicks(): number {
    return this.segment === undefined ? 0 : this.decodeTicks - this.segment.startTicks;
  }

  get hasOpenPart(): boolean {
    return this.parts.sampleCount > 0;
  }

  open(segment: SegmentStart): void {
    this.segment = segment;
    this.partIndex = 0;
    this.segmentBytes = 0;
    const { streamId, rendition } = this.options;
    this.options.emit({ type: 'segment', streamId, rendition, segment });
  }

  add(data: Uint8Array, durationTicks: number, compositionOffsetTicks: number, isSync: boolean): void {
    this.parts.add(data, durationTicks, compositionOffsetTicks, isSync);
    this.decodeTicks += durationTicks;
    this.partTicks += durationTicks;
  }

  setLastDuration(previousTicks: number, durationTicks: number): void {
    this.parts.setLastDuration(durationTicks);
    this.decodeTicks += durationTicks - previousTicks;
    this.partTicks += durationTicks - previousTicks;
  }

  cutPart(isPredictedLast = false): void {
    const segment = this.segment;
    if (segment === undefined || this.parts.sampleCount === 0) return;
    const startTicks = this.decodeTicks - this.partTicks;
    const isIndependent = this.parts.startsWithSync;
    const { streamId, rendition, availabilityStartMs, timescale } = this.options;
    const producerWallMs = this.partIndex === 0 ? availabilityStartMs + (startTicks * 1000) / timescale : undefined;
    const bytes = this.parts.cut(startTicks, producerWallMs);
    const part = {
      msn: segment.msn,
      index: this.partIndex,
      startTicks,
      durationTicks: this.partTicks,
      isIndependent,
      isPredictedLast,
      bytes,
    };
    this.partIndex++;
    this.segmentBytes += bytes.length;
    this.partTicks = 0;
    this.options.emit({ type: 'part', streamId, rendition, part });
  }

  /** Ends the open segment with what it has; one without a sample is not possible. */
  close(): void {
    this.end();
  }

  /** Ends the open segment where it had to end, although media is missing before: the decode time moves on to there. */
  break(endTicks: number): void {
    this.end(endTicks);
    this.decodeTicks = endTicks;
  }

  private end(brokenUntilTicks?: number): void {
    const segment = this.segment;
    if (segment === undefined) return;
    this.cutPart(true);
    this.bitrate.add(this.segmentBytes * 8, this.segmentTicks / this.timescale);
    this.segment = undefined;
    const { streamId, rendition } = this.options;
    const broken = brokenUntilTicks === undefined ? {} : { brokenUntilTicks };
    this.options.emit({ type: 'segment-end', streamId, rendition, msn: segment.msn, ...broken });
  }

  /** A whole segment without media; the decode time moves on to its end. */
  gap(segment: SegmentStart, durationTicks: number): void {
    this.decodeTicks = segment.startTicks + durationTicks;
    const { streamId, rendition } = this.options;
    this.options.emit({ type: 'gap', streamId, rendition, segment, durationTicks });
  }

  /** Forgets the open segment and part: for a start that came to nothing. */
  discard(): void {
    this.parts.clear();
    this.partTicks = 0;
    this.segment = undefined;
  }
}
