import type { AccessUnit, AudioConfig, VideoConfig } from '../media/track.ts';
import type { Continuity } from '../stream/continuity.ts';
import type { FeedSink } from '../stream/feed.ts';
import type { MediaSink } from '../stream/media-sink.ts';
import { collectedMemory, type PartAllocator } from '../stream/part-memory.ts';
import type { AudioLane } from './audio-lane.ts';
import { HeldFeed } from './held-feed.ts';
import { Lanes } from './lanes.ts';
import { PartClock } from './part-clock.ts';
import { isSameConfig, type Rendition } from './rendition.ts';
import { SegmentClock } from './segment-clock.ts';
import type { SegmentWishes } from './segment-rule.ts';
import type { Slot } from './slot.ts';
import type { VideoLane } from './video-lane.ts';

/** What an operator should know of a stream's packaging. */
export type PackagerNotice =
  | { readonly type: 'long-gop'; readonly gopMs: number }
  | { readonly type: 'forced-cut'; readonly msn: number };

export interface PackagerOptions {
  readonly streamId: string;
  readonly channel: string;
  /** Wall clock of stream time zero, ms since the epoch. */
  readonly availabilityStartMs: number;
  readonly wishes: SegmentWishes & { readonly partMs: number; readonly windowMs: number };
  readonly emit: FeedSink;
  readonly notice: (notice: PackagerNotice) => void;
  /** Where parts are put; by default the garbage collector's. */
  readonly memory?: PartAllocator;
  /** What an earlier packager of the stream had come to. */
  readonly continuity?: Continuity;
}

/** The next segment is due 1.5 target durations after the last (RFC 8216bis §6.2.1); we are that much earlier. */
const marginMs = 400;
/** Media that pauses for less is only late. */
const pauseMs = 500;
/** A gap shorter than this is not worth a segment. */
const shortestGapMs = 50;

/**
 * Makes the segments and parts of one stream's own encoding: `source` (video) and `audio`. The video is the segment clock, or
 * the audio where there is no video; the other follows in slots of the same numbers and times. Knows only stream time.
 */
export class Packager implements MediaSink {
  readonly counters = { droppedFrames: 0, forcedCuts: 0, gapSegments: 0, discontinuities: 0 };
  private readonly options: PackagerOptions;
  private readonly feed: HeldFeed;
  private readonly memory: PartAllocator;
  private readonly partClock: PartClock;
  private readonly clock: SegmentClock;
  private readonly lanes: Lanes;
  private pendingAudio: AudioConfig | undefined;
  private mode: 'idle' | 'video' | 'audio' = 'idle';
  private slot: Slot | undefined;
  private clockEndMs = 0;
  private nowMs = 0;
  private lastListedMs = 0;
  private lastArrivalMs = 0;
  private gapping = false;
  /** Where the open segment probably ends. */
  private expectedEndMs: number | undefined;
  private isAudioLate = false;

  constructor(options: PackagerOptions) {
    const { wishes, continuity, notice, memory = collectedMemory } = options;
    this.options = options;
    this.memory = memory;
    this.feed = new HeldFeed(options.emit, memory);
    this.partClock = new PartClock(wishes.partMs, continuity?.partTargetMs);
    this.lanes = new Lanes({ ...options, memory }, this.feed, this.partClock);
    this.clock = new SegmentClock(wishes, continuity ?? { nextMsn: 1, discontinuitySequence: 0 }, (gopMs) =>
      notice({ type: 'long-gop', gopMs }),
    );
    if (continuity !== undefined) this.restore(continuity);
  }

  get isGapping(): boolean {
    return this.gapping;
  }

  get endMs(): number {
    return Math.max(this.clockEndMs, this.audio?.endMs ?? 0);
  }

  /** Whether viewers can see the stream: its first segment is complete. */
  get isListed(): boolean {
    return this.feed.isOpen;
  }

  get targetDurationSeconds(): number | undefined {
    return this.clock.targetDurationSeconds;
  }

  get renditions(): readonly Rendition[] {
    return this.lanes.renditions;
  }

  private get video(): VideoLane | undefined {
    return this.lanes.video;
  }

  private get audio(): AudioLane | undefined {
    return this.lanes.audio;
  }

  /** Repairs of time, since the start: frames stretched, of silence, left out. */
  get repairs(): { stretchedFrames: number; silentFrames: number; surplusFrames: number; droppedFrames: number } {
    return {
      stretchedFrames: this.video?.track.stretchedFrames ?? 0,
      silentFrames: this.audio?.track.silentFrames ?? 0,
      surplusFrames: this.audio?.track.surplusFrames ?? 0,
      droppedFrames: this.counters.droppedFrames + (this.video?.droppedFrames ?? 0) + (this.audio?.droppedFrames ?? 0),
    };
  }

  /** Undefined until the first playlist is there: before, nothing has been promised. */
  continuity(): Continuity | undefined {
    const { targetDurationSeconds, nextMsn, discontinuitySequence } = this.clock;
    if (targetDurationSeconds === undefined || !this.feed.isOpen) return undefined;
    return {
      availabilityStartMs: this.options.availabilityStartMs,
      targetDurationSeconds,
      partTargetMs: this.partClock.settle(undefined),
      nextMsn,
      discontinuitySequence,
      endMs: this.endMs,
      renditions: this.lanes.continuity(),
    };
  }

  begin(start: { startMs: number; video?: VideoConfig; audio?: AudioConfig }): void {
    const { startMs, video, audio } = start;
    this.closeAll();
    if (this.feed.isOpen) {
      this.fillUntil(startMs);
      this.clock.isDiscontinuityDue = true;
      this.emitInterrupted(false);
    }
    this.gapping = false;
    this.clock.restart();
    this.mode = video === undefined ? 'audio' : 'video';
    this.clockEndMs = Math.max(this.clockEndMs, startMs);
    this.lastArrivalMs = this.nowMs;
    this.lastListedMs = this.nowMs;
    this.audio?.expect(this.nowMs);
    if (video !== undefined) this.lanes.prepareVideo(video);
    this.pendingAudio = audio;
    if (audio !== undefined && (this.audio !== undefined || this.mode === 'audio'))
      this.lanes.useAudio(audio, this.nowMs);
  }

  configure(config: VideoConfig | AudioConfig): void {
    if (config.kind === 'video') {
      if (this.video !== undefined && isSameConfig(this.video.rendition.config, config)) return;
      this.lanes.prepareVideo(config);
    } else {
      this.pendingAudio = config;
      if (this.audio !== undefined && !isSameConfig(this.audio.rendition.config, config)) this.markDiscontinuity();
    }
  }

  markDiscontinuity(): void {
    this.clock.isDiscontinuityDue = this.feed.isOpen;
  }

  accessUnit(unit: AccessUnit): void {
    if (unit.kind === 'audio') this.audioUnit(unit);
    else this.videoUnit(unit);
  }

  interrupt(): void {
    this.closeAll();
    this.mode = 'idle';
    if (this.feed.isOpen) this.emitInterrupted(true);
  }

  tick(nowMs: number): void {
    this.nowMs = nowMs;
    const { targetDurationSeconds } = this.clock;
    if (!this.feed.isOpen || targetDurationSeconds === undefined) return;
    const silentMs = nowMs - this.lastArrivalMs;
    const dueMs = targetDurationSeconds * 1500 - marginMs;
    if (this.slot !== undefined && silentMs >= pauseMs && nowMs - this.lastListedMs >= dueMs) this.closeSlot();
    if (silentMs >= dueMs) this.gapUntil(nowMs, targetDurationSeconds * 1000);
    this.audio?.tick(nowMs);
  }

  end(): void {
    if (!this.feed.isOpen && this.slot !== undefined) this.closeSlot();
    this.closeAll();
    this.mode = 'idle';
    if (this.feed.isOpen) this.feed.emit({ type: 'ended', streamId: this.options.streamId });
    this.memory.close();
  }

  private videoUnit(unit: AccessUnit): void {
    const { video } = this;
    if (this.mode !== 'video' || video === undefined || this.gapping) {
      this.counters.droppedFrames++;
      return;
    }
    if (!video.accepts(unit)) return;
    this.lastArrivalMs = this.nowMs;
    if (this.slot !== undefined || !video.startsAnew) video.track.settle(unit);
    if (video.startsAnew) this.startVideo(video, unit);
    if (unit.isSync && this.clock.endsAt(unit.dtsMs + unit.compositionOffsetMs, video.elapsedMs)) this.closeSlot();
    else if (this.slot !== undefined && video.elapsedMs + (video.track.intervalMs ?? 0) > this.clock.limitMs) {
      this.forceCut();
    }
    if (this.slot === undefined) this.openSlot(video.endMs);
    if (unit.isSync) this.expectedEndMs = this.clock.expectedEndMs(this.slot!.startMs);
    video.add(unit, this.expectedEndMs);
    this.clockEndMs = video.endMs;
    this.audio?.advanceClock(this.clockEndMs);
  }

  private startVideo(video: VideoLane, unit: AccessUnit): void {
    this.closeSlot();
    this.clock.restart();
    if (!video.start(unit) || !this.feed.isOpen) return;
    this.markDiscontinuity();
    this.lanes.announce(video.rendition);
  }

  /** A segment would last longer than it may: it ends without a keyframe, the next one starts without. */
  private forceCut(): void {
    this.clock.decideTargetDuration(Number.POSITIVE_INFINITY);
    this.counters.forcedCuts++;
    this.options.notice({ type: 'forced-cut', msn: this.clock.nextMsn });
    this.closeSlot();
  }

  private audioUnit(unit: AccessUnit): void {
    if (this.mode === 'idle') {
      this.counters.droppedFrames++;
      return;
    }
    if (this.audio === undefined) {
      if (this.feed.isOpen || this.pendingAudio === undefined) {
        // Late audio starts with the next segment: a discontinuity there tells players of the new track.
        if (this.feed.isOpen && this.pendingAudio !== undefined) this.isAudioLate = true;
        if (this.isAudioLate) this.markDiscontinuity();
        this.counters.droppedFrames++;
        return;
      }
      this.lanes.useAudio(this.pendingAudio, this.nowMs);
      if (this.slot !== undefined) this.audio!.schedule(this.slot);
      this.audio!.advanceClock(this.clockEndMs);
    }
    const audio = this.audio!;
    if (
      this.pendingAudio !== undefined &&
      this.mode === 'video' &&
      this.slot !== undefined &&
      this.isAudioChanging(audio)
    ) {
      this.counters.droppedFrames++;
      return;
    }
    if (this.mode === 'audio') this.runAudioClock(audio, unit);
    audio.push(unit, this.nowMs);
  }

  private isAudioChanging(audio: AudioLane): boolean {
    return this.pendingAudio !== undefined && !isSameConfig(audio.rendition.config, this.pendingAudio);
  }

  /** Without video the audio itself decides where segments end. */
  private runAudioClock(audio: AudioLane, unit: AccessUnit): void {
    this.lastArrivalMs = this.nowMs;
    const isLongEnough = audio.elapsedMs + audio.track.frameMs / 2 >= this.options.wishes.segmentMs;
    if (this.slot !== undefined && (isLongEnough || this.isAudioChanging(audio))) {
      this.clock.decideTargetDuration(this.options.wishes.segmentMs);
      this.closeSlot();
    }
    if (this.slot === undefined) this.openSlot(audio.elapsedMs > 0 ? audio.endMs : unit.dtsMs);
    this.clockEndMs = unit.dtsMs;
    audio.advanceClock(unit.dtsMs);
  }

  private openSlot(startMs: number): void {
    if (this.pendingAudio !== undefined && this.mode !== 'idle') this.changeAudio(this.pendingAudio);
    const slot = this.nextSlot(startMs);
    this.slot = slot;
    if (this.mode === 'video') this.video!.open(slot);
    this.audio?.schedule(slot);
  }

  /** Late or changed audio takes effect with the slot that opens. */
  private changeAudio(config: AudioConfig): void {
    if (this.audio === undefined ? !this.isAudioLate : !this.isAudioChanging(this.audio)) return;
    this.audio?.finish(this.clockEndMs);
    this.lanes.useAudio(config, this.nowMs);
  }

  private nextSlot(startMs: number, gapEndMs?: number): Slot {
    const slot = this.clock.next(startMs, gapEndMs);
    if (slot.isDiscontinuity) this.counters.discontinuities++;
    return slot;
  }

  /** Ends the open segment of the segment clock. The first one opens the feed: the stream can be seen from now on. */
  private closeSlot(): void {
    const { slot, video, audio } = this;
    if (slot === undefined) return;
    this.slot = undefined;
    this.lastListedMs = this.nowMs;
    if (this.mode === 'video') {
      video!.track.flush();
      this.clockEndMs = video!.endMs;
      this.openFeed(video!.elapsedMs);
      video!.close();
      this.lanes.measureFrameRate(video!);
    } else {
      this.openFeed(audio?.elapsedMs ?? 0);
      video?.gap(slot, audio?.endMs ?? slot.startMs);
    }
  }

  /** Closes what is open in all renditions, in step. What nobody has seen yet is forgotten. */
  private closeAll(): void {
    if (!this.feed.isOpen) {
      this.discard();
      return;
    }
    this.closeSlot();
    this.audio?.finish(this.clockEndMs);
  }

  private discard(): void {
    if (this.slot === undefined) return;
    this.feed.discard();
    this.video?.discard();
    this.audio?.discard();
    this.slot = undefined;
    this.clock.nextMsn = 1;
  }

  private openFeed(firstSegmentMs: number): void {
    if (this.feed.isOpen) return;
    const { streamId, channel, availabilityStartMs, wishes } = this.options;
    const targetDurationSeconds = this.clock.decideTargetDuration(firstSegmentMs);
    if (this.video !== undefined) this.video.rendition.frameRate ??= this.video.frameRate;
    const stream = {
      streamId,
      channel,
      availabilityStartMs,
      targetDurationSeconds,
      partTargetMs: this.partClock.settle(this.video?.track.intervalMs),
      windowMs: Math.max(wishes.windowMs, targetDurationSeconds * 6000),
    };
    this.feed.open(
      stream,
      this.renditions.map((rendition) => rendition.describe()),
    );
  }

  /** Fills the time before new media: exactly when gaps are being listed already, or when the hole is too long to pass over. */
  private fillUntil(startMs: number): void {
    const stepMs = (this.clock.targetDurationSeconds ?? 1) * 1000;
    if (!this.gapping && startMs - this.clockEndMs < stepMs * 1.5) return;
    this.gapUntil(startMs, stepMs);
    if (startMs - this.clockEndMs >= shortestGapMs) this.gap(startMs);
  }

  private gapUntil(nowMs: number, stepMs: number): void {
    if (!this.gapping) {
      this.closeAll();
      this.gapping = true;
      this.emitInterrupted(true);
    }
    while (nowMs >= this.clockEndMs + stepMs) this.gap(this.clockEndMs + stepMs);
  }

  private gap(endMs: number): void {
    const slot = this.nextSlot(this.clockEndMs, endMs);
    this.counters.gapSegments++;
    this.video?.gap(slot, endMs);
    this.audio?.schedule(slot);
    this.clockEndMs = endMs;
    this.lastListedMs = this.nowMs;
    if (this.mode !== 'video' || this.audio?.isIdle(this.nowMs)) this.audio?.finish(endMs);
    else this.audio?.advanceClock(endMs);
  }

  private emitInterrupted(interrupted: boolean): void {
    this.feed.emit({ type: 'interrupted', streamId: this.options.streamId, interrupted });
  }

  /** Takes up the playlists of an earlier process where they were: with gaps, until a publisher returns. */
  private restore(continuity: Continuity): void {
    this.lanes.restore(continuity.renditions);
    this.clockEndMs = continuity.endMs;
    this.openFeed(0);
    this.gapping = true;
    this.emitInterrupted(true);
    this.lastArrivalMs = Number.NEGATIVE_INFINITY;
  }

  /** After a restart: gaps up to this moment, as far back as a playlist reaches. */
  resume(nowMs: number): void {
    this.nowMs = nowMs;
    this.clockEndMs = Math.max(this.clockEndMs, nowMs - this.options.wishes.windowMs);
    this.fillUntil(nowMs);
  }
}
