import { type AudioConfig, timescaleOf, type VideoConfig, videoTimescale } from '../media/track.ts';
import type { RenditionContinuity } from '../stream/continuity.ts';
import type { FeedSink } from '../stream/feed.ts';
import type { PartAllocator } from '../stream/part-memory.ts';
import { AudioLane } from './audio-lane.ts';
import { AudioTrack } from './audio-track.ts';
import type { HeldFeed } from './held-feed.ts';
import type { PartClock } from './part-clock.ts';
import { Rendition } from './rendition.ts';
import { Rungs } from './rungs.ts';
import type { SegmentClock } from './segment-clock.ts';
import type { SegmentWriterOptions } from './segment-writer.ts';
import { VideoLane } from './video-lane.ts';
import { VideoTrack } from './video-track.ts';

export interface LanesOptions {
  readonly streamId: string;
  readonly availabilityStartMs: number;
  readonly memory: PartAllocator;
}

/**
 * The renditions of one stream: what leads (`source`, or a rung in its place), `audio` and the rungs. Made when they first appear,
 * told when they change, the leading one before all other video.
 */
export class Lanes {
  /** Of the video that leads. */
  leadName = 'source';
  video: VideoLane | undefined;
  audio: AudioLane | undefined;
  readonly rungs: Rungs;
  private readonly options: LanesOptions;
  private readonly feed: HeldFeed;
  private readonly partClock: PartClock;

  constructor(options: LanesOptions, feed: HeldFeed, clock: SegmentClock, partClock: PartClock) {
    this.options = options;
    this.feed = feed;
    this.partClock = partClock;
    this.rungs = new Rungs({
      streamId: options.streamId,
      feed,
      clock,
      makeTrack: (name) => this.videoTrack(name),
      announce: (rendition) => this.announce(rendition),
    });
  }

  get renditions(): readonly Rendition[] {
    const own = [this.video?.rendition, ...this.rungs.renditions, this.audio?.rendition];
    return own.filter((rendition) => rendition !== undefined);
  }

  /** Video of this configuration follows, from its next keyframe on. */
  prepareVideo(config: VideoConfig): void {
    if (this.video === undefined) {
      const rendition = new Rendition(this.leadName, config, timescaleOf(config));
      this.video = new VideoLane(this.videoTrack(rendition.name), rendition);
      this.announce(rendition);
    }
    this.video.prepare(config);
  }

  /** Audio of this configuration follows at once. */
  useAudio(config: AudioConfig, nowMs: number): AudioLane {
    if (this.audio === undefined) {
      const rendition = new Rendition('audio', config, timescaleOf(config));
      this.audio = this.audioLane(rendition, config);
      this.audio.expect(nowMs);
      this.announce(rendition);
    } else if (this.audio.rendition.change(config)) {
      this.audio.track.configure(config);
      this.announce(this.audio.rendition);
    }
    return this.audio;
  }

  /** Tells viewers of the rendition, or of what has changed of it; before the feed is open they are told all at once. */
  announce(rendition: Rendition): void {
    if (!this.feed.isOpen) return;
    this.feed.emit({ type: 'rendition', streamId: this.options.streamId, rendition: rendition.describe() });
  }

  measureFrameRate(video: VideoLane): void {
    if (video.rendition.frameRate === video.frameRate) return;
    video.rendition.frameRate = video.frameRate;
    this.announce(video.rendition);
  }

  continuity(): RenditionContinuity[] {
    for (const lane of [this.video, this.audio]) {
      if (lane !== undefined) lane.rendition.measured = lane.track.writer.bitrate.measured ?? lane.rendition.measured;
    }
    this.rungs.measureBitrates();
    return this.renditions.map((rendition) => rendition.continuity());
  }

  /** Takes up what an earlier process had listed, up to `endMs`. */
  restore(known: readonly RenditionContinuity[], endMs: number): void {
    for (const entry of known) {
      const { name, config } = entry;
      const rendition = Rendition.restore(entry);
      if (config.kind === 'audio') {
        this.audio = this.audioLane(rendition, config);
      } else if (this.video === undefined) {
        this.leadName = name;
        this.video = new VideoLane(this.videoTrack(name), rendition);
      } else {
        this.rungs.restore(rendition, endMs);
      }
    }
  }

  private videoTrack(name: string): VideoTrack {
    return new VideoTrack(this.writerOptions(name, 'video', videoTimescale), this.partClock);
  }

  private audioLane(rendition: Rendition, config: AudioConfig): AudioLane {
    const options = this.writerOptions(rendition.name, 'audio', rendition.timescale);
    return new AudioLane(new AudioTrack(options, this.partClock, config), rendition);
  }

  private writerOptions(rendition: string, kind: 'video' | 'audio', timescale: number): SegmentWriterOptions {
    const { streamId, availabilityStartMs, memory } = this.options;
    const emit: FeedSink = (message) => this.feed.emit(message);
    return { streamId, rendition, kind, timescale, availabilityStartMs, emit, memory };
  }
}
