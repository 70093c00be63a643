import type {
  Part,
  PlannedRendition,
  RenditionDescription,
  SegmentStart,
  StreamDescription,
  Thumbnail,
} from './feed.ts';
import { collectedMemory, type PartHolder } from './part-memory.ts';
import { inheritedTotals, SegmentBitrates } from './segment-bitrates.ts';

/** A segment as listed, or as still being made (`isComplete` false). */
export interface Segment extends SegmentStart {
  durationTicks: number;
  sizeBytes: number;
  isComplete: boolean;
  /** There is no media for all of it, or none at all. */
  isGap: boolean;
  readonly parts: Part[];
}

/** The segments of one rendition: complete ones that playlists list, the one being made, and those kept a while after they left the list. */
export class RenditionWindow {
  description: RenditionDescription;
  /** Every encoding the rendition has had, by init version. */
  readonly descriptions = new Map<number, RenditionDescription>();
  /** Listed segments, oldest first; only the last may be incomplete. */
  readonly segments: Segment[] = [];
  /** Grows with everything that changes a playlist. */
  version = 0;
  /** There will be no more of it, not even a list. */
  isGone = false;
  readonly bitrates: SegmentBitrates;
  /** Segments that have left the list, oldest first, and until when they are kept, monotonic ms. */
  readonly removed: { readonly segment: Segment; readonly untilMs: number }[] = [];
  readonly targetDurationSeconds: number;
  private readonly holder: PartHolder;

  /** `known`: bit rates so far, if the rendition is not new. */
  constructor(
    description: RenditionDescription,
    targetDurationSeconds: number,
    holder: PartHolder = collectedMemory,
    known = description.measured && inheritedTotals(description.measured),
  ) {
    this.description = description;
    this.targetDurationSeconds = targetDurationSeconds;
    this.holder = holder;
    this.bitrates = new SegmentBitrates(targetDurationSeconds, known);
    this.describe(description);
  }

  get peakBitrateBps(): number {
    return this.bitrates.peakBps;
  }

  get averageBitrateBps(): number {
    return this.bitrates.averageBps;
  }

  /** How much media the bit rates were measured on. */
  get measuredSeconds(): number {
    return this.bitrates.measuredSeconds;
  }

  get lastSegment(): Segment | undefined {
    return this.segments.at(-1);
  }

  get lastComplete(): Segment | undefined {
    const last = this.segments.at(-1);
    return last === undefined || last.isComplete ? last : this.segments.at(-2);
  }

  /** A segment by number, whether still listed or only still kept. */
  find(msn: number): Segment | undefined {
    const first = this.segments[0];
    if (first !== undefined && msn >= first.msn) return this.segments[msn - first.msn];
    return this.removed.find((entry) => entry.segment.msn === msn)?.segment;
  }

  describe(description: RenditionDescription): void {
    this.description = description;
    this.descriptions.set(description.init.version, description);
    this.version++;
  }

  open(start: SegmentStart): void {
    this.segments.push({ ...start, durationTicks: 0, sizeBytes: 0, isComplete: false, isGap: false, parts: [] });
    this.version++;
  }

  append(part: Part): void {
    const segment = this.lastSegment;
    if (segment === undefined || segment.isComplete || segment.msn !== part.msn) {
      throw new Error(`part ${part.msn}.${part.index} does not belong to the open segment ${segment?.msn}`);
    }
    this.holder.retain(part.bytes);
    segment.parts.push(part);
    segment.durationTicks += part.durationTicks;
    segment.sizeBytes += part.bytes.length;
    this.version++;
  }

  /** `brokenUntilTicks`: where it ends although media is missing. */
  complete(msn: number, brokenUntilTicks?: number): void {
    const segment = this.lastSegment;
    if (segment === undefined || segment.msn !== msn) throw new Error(`segment ${msn} is not the open one`);
    segment.isComplete = true;
    if (brokenUntilTicks !== undefined) {
      segment.isGap = true;
      segment.durationTicks = brokenUntilTicks - segment.startTicks;
    }
    this.bitrates.measure(this.segments, this.description.timescale);
    this.version++;
  }

  /** The open segment will not be: nobody was told more of it than that it would come. */
  abandon(): void {
    const segment = this.lastSegment;
    if (segment === undefined || segment.isComplete || segment.parts.length > 0) return;
    this.segments.pop();
    this.version++;
  }

  gap(start: SegmentStart, durationTicks: number): void {
    this.segments.push({ ...start, durationTicks, sizeBytes: 0, isComplete: true, isGap: true, parts: [] });
    this.version++;
  }

  /** Takes segments off the list while at least `windowMs` stay, and forgets those that have left it for long enough. */
  slide(windowMs: number, keepMs: number, nowMs: number): void {
    const { timescale } = this.description;
    const windowTicks = (windowMs / 1000) * timescale;
    let listedTicks = 0;
    for (const segment of this.segments) if (segment.isComplete) listedTicks += segment.durationTicks;
    for (let first = this.segments[0]; first?.isComplete; first = this.segments[0]) {
      if (listedTicks - first.durationTicks < windowTicks) break;
      listedTicks -= first.durationTicks;
      this.segments.shift();
      this.removed.push({ segment: first, untilMs: nowMs + keepMs });
      this.version++;
    }
    while (this.removed[0] !== undefined && this.removed[0].untilMs <= nowMs) this.letGo(this.removed.shift()!.segment);
  }

  /** Whether anything of it was ever complete, in this process or an earlier one. */
  get hasMedia(): boolean {
    return this.bitrates.measuredSeconds > 0;
  }

  /** Lets go of all media, for good. */
  clear(): void {
    this.isGone = true;
    for (const segment of this.segments.splice(0)) this.letGo(segment);
    for (const { segment } of this.removed.splice(0)) this.letGo(segment);
  }

  /** Bytes of media, listed and kept. */
  get sizeBytes(): number {
    let sum = 0;
    for (const segment of this.segments) sum += segment.sizeBytes;
    for (const { segment } of this.removed) sum += segment.sizeBytes;
    return sum;
  }

  private letGo(segment: Segment): void {
    for (const { bytes } of segment.parts) this.holder.release(bytes);
  }
}

/** All renditions of one stream, as far as they have been fed. */
export class StreamWindow {
  stream: StreamDescription;
  readonly renditions = new Map<string, RenditionWindow>();
  /** Transcoded renditions that are wanted, best first. */
  planned: readonly PlannedRendition[] = [];
  /** The newest picture. */
  thumbnail: Thumbnail | undefined;
  isInterrupted = false;
  isEnded = false;

  constructor(stream: StreamDescription) {
    this.stream = stream;
  }

  /** Bytes of media in all renditions. */
  get sizeBytes(): number {
    let sum = 0;
    for (const rendition of this.renditions.values()) sum += rendition.sizeBytes;
    return sum;
  }
}
