import { msFromTicks, ticksFromMs } from '../media/ticks.ts';
import type { AccessUnit, VideoConfig } from '../media/track.ts';
import { isSameConfig, Rendition } from './rendition.ts';
import type { SegmentClock } from './segment-clock.ts';
import { type Slot, segmentStart, slotTicks } from './slot.ts';
import type { VideoTrack } from './video-track.ts';

interface Gap {
  readonly slot: Slot;
  readonly endMs: number;
}

/** A segment that lacks no more than this ends with its last frame: times of frames are predictions. */
const toleratedFrames = 1.5;

/** What viewers get of one rung: its description, with its first picture, then segments and gaps. Times are stream time, ms. */
export class RungOutput {
  readonly name: string;
  readonly track: VideoTrack;
  /** Up to where there is media. */
  mediaEndMs = 0;
  private readonly clock: SegmentClock;
  private readonly announce: (rendition: Rendition) => void;
  private known: Rendition | undefined;
  private config: VideoConfig | undefined;
  /** Nobody can be told of them while nothing is known of the rendition. */
  private readonly untold: Gap[] = [];
  private hasSegments = false;
  private expectedEndMs: number | undefined;

  constructor(options: {
    readonly name: string;
    readonly track: VideoTrack;
    readonly clock: SegmentClock;
    /** Viewers are to be told of the rendition, or of what has changed of it. */
    readonly announce: (rendition: Rendition) => void;
  }) {
    this.name = options.name;
    this.track = options.track;
    this.clock = options.clock;
    this.announce = options.announce;
  }

  /** Takes up what an earlier process had listed up to `endMs`. */
  restore(rendition: Rendition, endMs: number): void {
    this.known = rendition;
    this.hasSegments = true;
    this.mediaEndMs = endMs;
  }

  /** Undefined before the first picture. */
  get rendition(): Rendition | undefined {
    return this.known;
  }

  get isConfigured(): boolean {
    return this.config !== undefined;
  }

  get hasOpenSegment(): boolean {
    return this.track.writer.openSegment !== undefined;
  }

  /** How far a segment that is to end at `endMs` has come: what is missing, in frames. */
  missingFrames(endMs: number): number {
    const { writer, interval } = this.track;
    return (ticksFromMs(endMs, writer.timescale) - writer.decodeTicks) / (interval.ticks ?? 1);
  }

  /** Frames of this configuration follow. */
  configure(config: VideoConfig): void {
    this.config = config;
  }

  /** Viewers need another init segment for the frames that come, and a discontinuity before it. */
  get isChanging(): boolean {
    const { known, config, hasSegments } = this;
    return hasSegments && known !== undefined && config !== undefined && !isSameConfig(known.config, config);
  }

  /** The first keyframe of a run of frames, in segment `msn`; the rendition appears, or changes, with it. */
  start(unit: AccessUnit, msn: number): void {
    const { track, known: before } = this;
    const config = this.config!;
    const endTicks = track.writer.decodeTicks;
    track.begin(unit);
    track.writer.decodeTicks = endTicks;
    // Numbered like the segment, so that a rung that was forgotten and comes back gives no init segment an old one's URI.
    const rendition = before ?? new Rendition(this.name, config, track.writer.timescale, msn);
    const isChanged = rendition.change(config);
    const isMoved = rendition.decodeDelayTicks !== track.decodeDelay;
    const isNews = before === undefined || isChanged || isMoved || rendition.isWithdrawn;
    rendition.decodeDelayTicks = track.decodeDelay;
    rendition.isWithdrawn = false;
    this.known = rendition;
    if (isNews) this.announce(rendition);
    for (const { slot, endMs } of this.untold.splice(0)) this.writeGap(slot, endMs);
  }

  /** Begins a segment where the source's begins, unless what was listed before reaches a little further. */
  open(slot: Slot): void {
    const { writer } = this.track;
    writer.decodeTicks = slotTicks(slot, writer.timescale, writer.decodeTicks);
    writer.open(segmentStart(slot, writer.decodeTicks, this.known!.initVersion));
    this.hasSegments = true;
    this.expectedEndMs = this.clock.expectedEndMs(slot.startMs);
  }

  /** `segmentEndMs`: where the open segment ends, if that is known. */
  add(unit: AccessUnit, segmentEndMs: number | undefined): void {
    const { track, expectedEndMs } = this;
    this.setEnd(segmentEndMs);
    const expectedTicks = expectedEndMs === undefined ? undefined : ticksFromMs(expectedEndMs, track.writer.timescale);
    track.add(unit, track.knownEndTicks ?? expectedTicks);
  }

  /** The frame before gets its duration; `isLast`: its segment ends with it. */
  settle(next: AccessUnit, segmentEndMs: number | undefined, isLast: boolean): void {
    this.setEnd(segmentEndMs);
    this.track.settle(next, isLast);
  }

  /** The open segment ends; where media is missing up to `endMs`, it is a broken one. */
  close(endMs: number): void {
    const { track } = this;
    this.setEnd(endMs);
    track.flush();
    if (Number.isFinite(endMs) && this.missingFrames(endMs) > toleratedFrames) track.writer.break(track.knownEndTicks!);
    else track.writer.close();
    this.mediaEndMs = msFromTicks(track.writer.decodeTicks, track.writer.timescale);
    this.measureFrameRate();
  }

  gap(slot: Slot, endMs: number): void {
    if (this.known === undefined) this.untold.push({ slot, endMs });
    else this.writeGap(slot, endMs);
  }

  /** Gaps that ended before are not worth telling any more. */
  forgetGaps(beforeMs: number): void {
    while (this.untold[0] !== undefined && this.untold[0].endMs < beforeMs) this.untold.shift();
  }

  withdraw(): void {
    if (this.known === undefined) return;
    this.known.isWithdrawn = true;
    this.announce(this.known);
  }

  measureFrameRate(): void {
    const { known: rendition, track } = this;
    const frameRate = track.interval.framesPerSecond(track.writer.timescale);
    if (rendition === undefined || frameRate === undefined || rendition.frameRate === frameRate) return;
    rendition.frameRate = frameRate;
    this.announce(rendition);
  }

  measureBitrate(): void {
    const { known: rendition, track } = this;
    if (rendition !== undefined) rendition.measured = track.writer.bitrate.measured ?? rendition.measured;
  }

  discard(): void {
    this.track.writer.discard();
    this.untold.length = 0;
    this.hasSegments = false;
  }

  private setEnd(endMs: number | undefined): void {
    this.track.knownEndTicks = endMs === undefined ? undefined : ticksFromMs(endMs, this.track.writer.timescale);
  }

  private writeGap(slot: Slot, endMs: number): void {
    const { writer } = this.track;
    const startTicks = slotTicks(slot, writer.timescale, writer.decodeTicks);
    // Never left out, however short: the numbers of all renditions stay equal.
    const durationTicks = Math.max(1, ticksFromMs(endMs, writer.timescale) - startTicks);
    writer.gap(segmentStart(slot, startTicks, this.known!.initVersion), durationTicks);
  }
}
