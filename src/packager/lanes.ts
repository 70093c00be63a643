import { type AudioConfig, type TrackConfig, timescaleOf, type VideoConfig } from '../media/track.ts';
import type { RenditionContinuity } from '../stream/continuity.ts';
import type { FeedSink } from '../stream/feed.ts';
import type { PartAllocator } from '../stream/part-memory.ts';
import { AudioLane } from './audio-lane.ts';
import { AudioTrack } from './audio-track.ts';
import type { HeldFeed } from './held-feed.ts';
import type { PartClock } from './part-clock.ts';
import { Rendition } from './rendition.ts';
import type { SegmentWriterOptions } from './segment-writer.ts';
import { VideoLane } from './video-lane.ts';
import { VideoTrack } from './video-track.ts';

export interface LanesOptions {
  readonly streamId: string;
  readonly availabilityStartMs: number;
  readonly memory: PartAllocator;
}

/** The renditions of one stream's own encoding, `source` and `audio`: made when they first appear, told when they change. */
export class Lanes {
  video: VideoLane | undefined;
  audio: AudioLane | undefined;
  private readonly options: LanesOptions;
  private readonly feed: HeldFeed;
  private readonly partClock: PartClock;

  constructor(options: LanesOptions, feed: HeldFeed, partClock: PartClock) {
    this.options = options;
    this.feed = feed;
    this.partClock = partClock;
  }

  get renditions(): readonly Rendition[] {
    return [this.video?.rendition, this.audio?.rendition].filter((rendition) => rendition !== undefined);
  }

  /** Video of this configuration follows, from its next keyframe on. */
  prepareVideo(config: VideoConfig): void {
    if (this.video === undefined) {
      const rendition = new Rendition('source', config, timescaleOf(config));
      this.video = this.videoLane(rendition);
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
    return this.renditions.map((rendition) => rendition.continuity());
  }

  restore(known: readonly RenditionContinuity[]): void {
    for (const entry of known) {
      const rendition = Rendition.restore(entry);
      if (entry.config.kind === 'video') this.video = this.videoLane(rendition);
      else this.audio = this.audioLane(rendition, entry.config);
    }
  }

  private videoLane(rendition: Rendition): VideoLane {
    return new VideoLane(new VideoTrack(this.writerOptions(rendition), this.partClock), rendition);
  }

  private audioLane(rendition: Rendition, config: AudioConfig): AudioLane {
    return new AudioLane(new AudioTrack(this.writerOptions(rendition), this.partClock, config), rendition);
  }

  private writerOptions({
    name,
    config,
    timescale,
  }: {
    name: string;
    config: TrackConfig;
    timescale: number;
  }): SegmentWriterOptions {
    const { streamId, availabilityStartMs, memory } = this.options;
    const emit: FeedSink = (message) => this.feed.emit(message);
    return { streamId, rendition: name, kind: config.kind, timescale, availabilityStartMs, emit, memory };
  }
}
