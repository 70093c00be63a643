import type { Clock } from '../base/clock.ts';
import { assertNever } from '../base/errors.ts';
import type { FeedMessage, Part, RenditionDescription, SegmentStart, StreamDescription } from './feed.ts';
import { collectedMemory, type PartHolder } from './part-memory.ts';

/** A segment as listed, or as still being made (`isComplete` false). */
export interface Segment extends SegmentStart {
  durationTicks: number;
  sizeBytes: number;
  isComplete: boolean;
  readonly isGap: boolean;
  readonly parts: Part[];
}

/** A window's whole content, to begin another with the same: plain data that can cross a thread. */
export interface RenditionSnapshot {
  /** Every encoding so far, the present one last. */
  readonly descriptions: readonly RenditionDescription[];
  readonly segments: readonly Segment[];
  readonly removed: readonly { readonly segment: Segment; readonly keptForMs: number }[];
  readonly peakBitrateBps: number;
  readonly totalBits: number;
  readonly totalSeconds: number;
}

export interface WindowSnapshot {
  readonly stream: StreamDescription;
  readonly isInterrupted: boolean;
  readonly isEnded: boolean;
  readonly renditions: readonly RenditionSnapshot[];
}

/** How much an average that an earlier process measured weighs against what comes. */
const inheritedSeconds = 10;

/** The segments of one rendition: complete ones that playlists list, the one being made, and those kept a while after they left the list. */
export class RenditionWindow {
  description: RenditionDescription;
  /** Every encoding the rendition has had, by init version. */
  readonly descriptions = new Map<number, RenditionDescription>();
  /** Listed segments, oldest first; only the last may be incomplete. */
  readonly segments: Segment[] = [];
  /** Grows with everything that changes a playlist. */
  version = 0;
  /**
   * The peak segment bit rate so far, bit/s: the highest of any contiguous set of segments that lasts between 0.5 and 1.5
   * target durations (RFC 8216bis §4.4.6.2, BANDWIDTH). Before there is such a set, that of the segments there are.
   */
  peakBitrateBps = 0;
  private totalBits = 0;
  private totalSeconds = 0;
  readonly targetDurationSeconds: number;
  private readonly removed: { readonly segment: Segment; readonly untilMs: number }[] = [];
  private readonly holder: PartHolder;

  constructor(description: RenditionDescription, targetDurationSeconds: number, holder: PartHolder = collectedMemory) {
    this.description = description;
    this.targetDurationSeconds = targetDurationSeconds;
    this.holder = holder;
    this.describe(description);
    const { measured } = description;
    if (measured === undefined) return;
    this.peakBitrateBps = measured.peakBps;
    this.totalSeconds = inheritedSeconds;
    this.totalBits = measured.averageBps * inheritedSeconds;
  }

  get averageBitrateBps(): number {
    return this.totalSeconds === 0 ? 0 : Math.round(this.totalBits / this.totalSeconds);
  }

  /** How much media the bit rates were measured on. */
  get measuredSeconds(): number {
    return this.totalSeconds;
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

  complete(msn: number): void {
    const segment = this.lastSegment;
    if (segment === undefined || segment.msn !== msn) throw new Error(`segment ${msn} is not the open one`);
    segment.isComplete = true;
    this.measure(segment);
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

  /** Lets go of all media. */
  clear(): void {
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

  snapshot(nowMs: number): RenditionSnapshot {
    const { description, peakBitrateBps, totalBits, totalSeconds } = this;
    return {
      descriptions: [...[...this.descriptions.values()].filter((one) => one !== description), description],
      segments: this.segments,
      removed: this.removed.map(({ segment, untilMs }) => ({ segment, keptForMs: Math.max(0, untilMs - nowMs) })),
      peakBitrateBps,
      totalBits,
      totalSeconds,
    };
  }

  /** Takes over what another window held. */
  restore(snapshot: RenditionSnapshot, nowMs: number): void {
    for (const description of snapshot.descriptions) this.describe(description);
    this.peakBitrateBps = snapshot.peakBitrateBps;
    this.totalBits = snapshot.totalBits;
    this.totalSeconds = snapshot.totalSeconds;
    for (const { segment, keptForMs } of snapshot.removed) {
      this.removed.push({ segment: this.take(segment), untilMs: nowMs + keptForMs });
    }
    for (const segment of snapshot.segments) this.segments.push(this.take(segment));
  }

  private take(segment: Segment): Segment {
    for (const { bytes } of segment.parts) this.holder.retain(bytes);
    return { ...segment, parts: [...segment.parts] };
  }

  private letGo(segment: Segment): void {
    for (const { bytes } of segment.parts) this.holder.release(bytes);
  }

  private measure(segment: Segment): void {
    if (segment.durationTicks <= 0) return;
    this.totalBits += segment.sizeBytes * 8;
    this.totalSeconds += segment.durationTicks / this.description.timescale;
    let bits = 0;
    let seconds = 0;
    for (let i = this.segments.length - 1; i >= 0; i--) {
      const member = this.segments[i]!;
      bits += member.sizeBytes * 8;
      seconds += member.durationTicks / this.description.timescale;
      if (member.isGap || seconds > 1.5 * this.targetDurationSeconds) break;
      if (seconds >= 0.5 * this.targetDurationSeconds) this.raisePeak(bits / seconds);
    }
    if (this.peakBitrateBps === 0) this.raisePeak(this.totalBits / this.totalSeconds);
  }

  private raisePeak(bitrateBps: number): void {
    this.peakBitrateBps = Math.max(this.peakBitrateBps, Math.ceil(bitrateBps));
  }
}

/** All renditions of one stream, as far as they have been fed. */
export class StreamWindow {
  stream: StreamDescription;
  readonly renditions = new Map<string, RenditionWindow>();
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

  snapshot(nowMs: number): WindowSnapshot {
    const { stream, isInterrupted, isEnded } = this;
    const renditions = [...this.renditions.values()].map((rendition) => rendition.snapshot(nowMs));
    return { stream, isInterrupted, isEnded, renditions };
  }
}

/** The windows of every stream that has media, kept by applying the feed in order. Knows no HTTP. */
export class Windows {
  private readonly clock: Clock;
  private readonly holder: PartHolder;
  private readonly byStreamId = new Map<string, StreamWindow>();
  private readonly byChannel = new Map<string, StreamWindow>();

  constructor(clock: Clock, holder: PartHolder = collectedMemory) {
    this.clock = clock;
    this.holder = holder;
  }

  get streams(): Iterable<StreamWindow> {
    return this.byStreamId.values();
  }

  /** By stream id, or by channel name: then the channel's newest stream. */
  find(idOrChannel: string): StreamWindow | undefined {
    return this.byStreamId.get(idOrChannel) ?? this.byChannel.get(idOrChannel);
  }

  /** Forgets a stream with all its media. */
  remove(streamId: string): void {
    const window = this.byStreamId.get(streamId);
    if (window === undefined) return;
    this.byStreamId.delete(streamId);
    for (const rendition of window.renditions.values()) rendition.clear();
    if (this.byChannel.get(window.stream.channel) === window) this.byChannel.delete(window.stream.channel);
  }

  /** Begins a window with what another one holds, in place of what this one may have of the stream. */
  restore(snapshot: WindowSnapshot): StreamWindow {
    const { stream, isInterrupted, isEnded } = snapshot;
    this.remove(stream.streamId);
    const window = this.add(stream);
    window.isInterrupted = isInterrupted;
    window.isEnded = isEnded;
    const nowMs = this.clock.monotonicMs();
    for (const known of snapshot.renditions) {
      const { name } = known.descriptions[0]!;
      const rendition = new RenditionWindow(known.descriptions[0]!, stream.targetDurationSeconds, this.holder);
      rendition.restore(known, nowMs);
      window.renditions.set(name, rendition);
    }
    return window;
  }

  private add(stream: StreamDescription): StreamWindow {
    const window = new StreamWindow(stream);
    this.byStreamId.set(stream.streamId, window);
    this.byChannel.set(stream.channel, window);
    return window;
  }

  apply(message: FeedMessage): void {
    if (message.type === 'stream') {
      const known = this.byStreamId.get(message.stream.streamId);
      // Whoever makes the stream may be another than before: it goes on where the other one ended.
      if (known === undefined) this.add(message.stream);
      else known.stream = message.stream;
      return;
    }
    const window = this.byStreamId.get(message.streamId);
    if (window === undefined) return; // removed while its last messages were on their way
    switch (message.type) {
      case 'rendition': {
        const known = window.renditions.get(message.rendition.name);
        if (known !== undefined) known.describe(message.rendition);
        else
          window.renditions.set(
            message.rendition.name,
            new RenditionWindow(message.rendition, window.stream.targetDurationSeconds, this.holder),
          );
        return;
      }
      case 'segment':
        window.renditions.get(message.rendition)?.open(message.segment);
        return;
      case 'part':
        window.renditions.get(message.rendition)?.append(message.part);
        return;
      case 'segment-end': {
        const rendition = window.renditions.get(message.rendition);
        rendition?.complete(message.msn);
        rendition?.slide(window.stream.windowMs, keepMs(window.stream), this.clock.monotonicMs());
        return;
      }
      case 'segment-abandoned':
        window.renditions.get(message.rendition)?.abandon();
        return;
      case 'window':
        window.stream = { ...window.stream, windowMs: message.windowMs };
        return;
      case 'gap': {
        const rendition = window.renditions.get(message.rendition);
        rendition?.gap(message.segment, message.durationTicks);
        rendition?.slide(window.stream.windowMs, keepMs(window.stream), this.clock.monotonicMs());
        return;
      }
      case 'interrupted':
        window.isInterrupted = message.interrupted;
        for (const rendition of window.renditions.values()) rendition.version++;
        return;
      case 'ended':
        window.isEnded = true;
        for (const rendition of window.renditions.values()) rendition.version++;
        return;
      default:
        assertNever(message);
    }
  }
}

/**
 * How long a segment outlives its listing. Until first listed + its duration + the longest playlist duration it must be there
 * (RFC 8216bis §6.2.2); it was listed for about the window, so two target durations and a slow request are owed.
 */
function keepMs(stream: StreamDescription): number {
  return stream.targetDurationSeconds * 2000 + 2000;
}
