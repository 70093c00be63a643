import type { AccessUnit, AudioConfig, VideoConfig } from '../media/track.ts';
import type { Continuity } from '../stream/continuity.ts';
import type { FeedSink, PlannedRendition } from '../stream/feed.ts';
import type { DemandSink, LeadSink, MediaSink, MediaStart, RungSink } from '../stream/media-sink.ts';
import { collectedMemory, type PartAllocator } from '../stream/part-memory.ts';
import { Absence } from './absence.ts';
import { AudioIntake } from './audio-intake.ts';
import { AudioJoin } from './audio-join.ts';
import { FeedOpening } from './feed-opening.ts';
import { HeldFeed } from './held-feed.ts';
import { Lanes } from './lanes.ts';
import type { PackagerCounters } from './packager-counters.ts';
import { PartClock } from './part-clock.ts';
import { isSameConfig, type Rendition } from './rendition.ts';
import type { RungRepairs } from './rung-lane.ts';
import { SegmentClock } from './segment-clock.ts';
import type { SegmentWishes } from './segment-rule.ts';
import { SlotSequence } from './slot-sequence.ts';
import { VideoIntake } from './video-intake.ts';

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
  /** The first part is made, which nobody sees yet; viewers can see the stream from now on. Once each. */
  readonly reached?: (milestone: 'first-part' | 'listed') => void;
  /** Where parts are put; by default the garbage collector's. */
  readonly memory?: PartAllocator;
  /** What an earlier packager of the stream had come to. */
  readonly continuity?: Continuity;
}

/**
 * Makes the segments and parts of one stream: of its own encoding, `source` (video) and `audio`, and of the rungs made from it.
 * The source is the segment clock, or a rung that leads in its place, or the audio where there is no video; the others follow in
 * slots of the same numbers and times. Knows only stream time.
 */
export class Packager implements MediaSink, RungSink, LeadSink, DemandSink {
  readonly counters: PackagerCounters = { droppedFrames: 0, forcedCuts: 0, gapSegments: 0, discontinuities: 0 };
  private readonly options: PackagerOptions;
  private readonly feed: HeldFeed;
  private readonly memory: PartAllocator;
  private readonly partClock: PartClock;
  private readonly clock: SegmentClock;
  private readonly lanes: Lanes;
  private readonly feedOpening: FeedOpening;
  private readonly audioJoin: AudioJoin;
  private readonly slots: SlotSequence;
  private readonly absence: Absence;
  private readonly videoIntake: VideoIntake;
  private readonly audioIntake: AudioIntake;

  constructor(options: PackagerOptions) {
    const { wishes, continuity, notice, memory = collectedMemory } = options;
    const { counters } = this;
    this.options = options;
    this.memory = memory;
    const feed = new HeldFeed(options.emit, memory, options.reached);
    const partClock = new PartClock(wishes.partMs, continuity?.partTargetMs);
    const clock = new SegmentClock(wishes, continuity ?? { nextMsn: 1, discontinuitySequence: 0 }, (gopMs) =>
      notice({ type: 'long-gop', gopMs }),
    );
    const lanes = new Lanes({ ...options, memory }, feed, clock, partClock);
    const plan = { ...options, windowMs: wishes.windowMs };
    const feedOpening = new FeedOpening(plan, { feed, clock, partClock, lanes });
    const audioJoin = new AudioJoin(feed, clock, lanes);
    const slots = new SlotSequence({ feedOpening, clock, lanes, audioJoin, counters });
    this.feed = feed;
    this.partClock = partClock;
    this.lanes = lanes;
    this.clock = clock;
    this.feedOpening = feedOpening;
    this.audioJoin = audioJoin;
    this.slots = slots;
    this.absence = new Absence(plan, { feed, clock, lanes, slots });
    this.videoIntake = new VideoIntake({ feed, clock, lanes, slots, counters }, (msn) =>
      notice({ type: 'forced-cut', msn }),
    );
    this.audioIntake = new AudioIntake(wishes.segmentMs, { clock, lanes, slots, audioJoin, counters });
    if (continuity === undefined) return;
    lanes.restore(continuity.renditions, continuity.endMs);
    if (lanes.leadName !== 'source') clock.expectKeyframes(wishes.segmentMs);
    feedOpening.open(0);
    this.absence.continueFrom(continuity.endMs);
  }

  get isGapping(): boolean {
    return this.slots.isGapping;
  }

  get endMs(): number {
    return Math.max(this.slots.endMs, this.lanes.audio?.endMs ?? 0);
  }

  /** Whether viewers can see the stream: its first segment is complete. */
  get isListed(): boolean {
    return this.feed.isOpen;
  }

  get targetDurationSeconds(): number | undefined {
    return this.clock.targetDurationSeconds;
  }

  get keptFromMs(): number | undefined {
    return this.lanes.rungs.keptFromMs ?? this.slots.current?.keyframePtsMs;
  }

  get renditions(): readonly Rendition[] {
    return this.lanes.renditions;
  }

  /** Repairs of time, since the start: frames stretched, of silence, left out. */
  get repairs(): { stretchedFrames: number; silentFrames: number; surplusFrames: number; droppedFrames: number } {
    const { video, audio } = this.lanes;
    return {
      stretchedFrames: video?.track.stretchedFrames ?? 0,
      silentFrames: audio?.track.silentFrames ?? 0,
      surplusFrames: audio?.track.surplusFrames ?? 0,
      droppedFrames: this.counters.droppedFrames + (video?.droppedFrames ?? 0) + (audio?.droppedFrames ?? 0),
    };
  }

  /** Frames of rungs that found no place, and what rungs had nothing for. */
  get rungRepairs(): readonly RungRepairs[] {
    return this.lanes.rungs.repairs;
  }

  /** Every rung that viewers may still know: added, or of an earlier process, and not yet gone. */
  get rungNames(): readonly string[] {
    return this.lanes.rungs.names;
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

  begin({ startMs, video, audio, isAudioDue = false }: MediaStart): void {
    this.slots.closeAll();
    if (this.feed.isOpen) this.absence.endAt(startMs);
    this.slots.begin(startMs, video === undefined ? 'audio' : 'video');
    if (video !== undefined) this.lanes.prepareVideo(video);
    this.audioJoin.begin(audio, isAudioDue || video === undefined, this.slots.nowMs);
  }

  configure(config: VideoConfig | AudioConfig): void {
    if (config.kind === 'audio') {
      this.audioJoin.configure(config);
      return;
    }
    const { video } = this.lanes;
    if (video !== undefined && isSameConfig(video.rendition.config, config)) return;
    this.lanes.prepareVideo(config);
  }

  markDiscontinuity(): void {
    this.clock.isDiscontinuityDue = this.feed.isOpen;
  }

  accessUnit(unit: AccessUnit): void {
    if (unit.kind === 'audio') this.audioIntake.push(unit);
    else this.videoIntake.push(unit, unit.isSync);
  }

  get lead(): { readonly name: string; readonly config: VideoConfig } | undefined {
    const { name, config } = this.lanes.video?.rendition ?? {};
    return name === undefined || config?.kind !== 'video' ? undefined : { name, config };
  }

  leadWith(name: string): void {
    if (this.feed.isOpen) throw new Error('another rendition leads already, and viewers know it');
    this.lanes.leadName = name;
    this.clock.expectKeyframes(this.options.wishes.segmentMs);
  }

  leadAccessUnit(unit: AccessUnit, mayEnd: boolean): void {
    this.videoIntake.push(unit, mayEnd);
  }

  planRungs(planned: readonly PlannedRendition[]): void {
    this.feedOpening.planRungs(planned);
  }

  addRung(name: string): void {
    this.lanes.rungs.add(name, this.slots.lead === 'video' ? this.slots.current : undefined);
  }

  configureRung(name: string, config: VideoConfig): void {
    if (this.lanes.rungs.configure(name, config)) this.markDiscontinuity();
  }

  rungAccessUnit(name: string, unit: AccessUnit): void {
    this.lanes.rungs.push(name, unit);
  }

  restRung(name: string): void {
    this.lanes.rungs.rest(name);
  }

  removeRung(name: string): void {
    this.lanes.rungs.remove(name);
  }

  interrupt(): void {
    this.absence.interrupt();
  }

  tick(nowMs: number): void {
    this.absence.tick(nowMs);
  }

  end(): void {
    if (!this.feed.isOpen) this.slots.close();
    this.slots.closeAll();
    this.slots.lead = undefined;
    if (this.feed.isOpen) this.feed.emit({ type: 'ended', streamId: this.options.streamId });
    this.memory.close();
  }

  /** After a restart: gaps up to this moment, as far back as a playlist reaches. */
  resume(nowMs: number): void {
    this.absence.catchUp(nowMs - this.options.wishes.windowMs, nowMs);
  }
}
