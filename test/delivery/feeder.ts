import { writeFragment } from '../../src/media/mp4/fragment-writer.ts';
import type { AudioConfig, TrackConfig, VideoConfig } from '../../src/media/track.ts';
import type {
  FeedMessage,
  Part,
  PlannedRendition,
  RenditionDescription,
  StreamDescription,
} from '../../src/stream/feed.ts';
import { audioConfig, videoConfig } from '../packager/broadcast.ts';

export const streamStartMs = Date.UTC(2026, 0, 1, 12);

const video: VideoConfig = { ...videoConfig, codecString: 'avc1.64001f' };
const audio: AudioConfig = { ...audioConfig, record: Uint8Array.from([0x11, 0x90]), sampleRateHz: 48_000 };

/** What is planned of `720p`, `480p` and `360p`, whose pictures are as large as their names say. */
export const plannedRungs: Readonly<Record<'720p' | '480p' | '360p', PlannedRendition>> = {
  '720p': plannedRung('720p', 1280, 'avc1.64001f', 2_800_000),
  '480p': plannedRung('480p', 854, 'avc1.4d401f', 1_400_000),
  '360p': plannedRung('360p', 640, 'avc1.4d401e', 800_000),
};

function plannedRung(name: string, widthPixels: number, codecString: string, averageBps: number): PlannedRendition {
  const heightPixels = Number.parseInt(name, 10);
  return {
    name,
    codecString,
    widthPixels,
    heightPixels,
    frameRate: 30,
    averageBps,
    peakBps: Math.round(averageBps * 1.1),
  };
}

export interface SegmentOptions {
  readonly parts?: number;
  readonly partMs?: number;
  /** Where it starts on stream time; by default where the one before ended. */
  readonly startMs?: number;
  readonly isDiscontinuity?: boolean;
  readonly isIndependent?: boolean;
  readonly initVersion?: number;
  /** How many payload bytes each part carries. */
  readonly partBytes?: number;
}

/** Feeds one rendition by hand: what a packager would say, without media worth watching. */
export class FeedRendition {
  readonly name: string;
  msn = 0;
  endMs = 0;
  index = 0;
  discontinuities = 0;
  /** Of the newest segment. */
  startMs = 0;
  isOpen = false;
  private readonly apply: (message: FeedMessage) => void;
  private readonly streamId: string;
  private initVersion = 1;
  readonly config: TrackConfig;
  private readonly timescale: number;

  constructor(apply: (message: FeedMessage) => void, streamId: string, name: string, config: TrackConfig) {
    this.apply = apply;
    this.streamId = streamId;
    this.name = name;
    this.config = config;
    this.timescale = config.kind === 'video' ? 90_000 : config.sampleRateHz;
    this.describe(1);
  }

  /** Goes on where another is: at its open segment, or behind its last one. */
  follow(other: FeedRendition): void {
    this.msn = other.isOpen ? other.msn - 1 : other.msn;
    this.endMs = other.isOpen ? other.startMs : other.endMs;
    this.discontinuities = other.discontinuities;
  }

  describe(version: number, change: Partial<RenditionDescription> = {}): void {
    this.initVersion = version;
    const rendition: RenditionDescription = {
      name: this.name,
      config: this.config,
      timescale: this.timescale,
      ...(this.config.kind === 'video' ? { frameRate: 30 } : {}),
      decodeDelayTicks: 0,
      init: { version, bytes: Buffer.from(`init ${this.name} ${version}`) },
      ...change,
    };
    this.apply({ type: 'rendition', streamId: this.streamId, rendition });
  }

  /** Nobody new is to be offered it. */
  withdraw(): void {
    this.describe(this.initVersion, { isWithdrawn: true });
  }

  gone(): void {
    this.apply({ type: 'rendition-gone', streamId: this.streamId, rendition: this.name });
  }

  open({ startMs = this.endMs, isDiscontinuity = false }: SegmentOptions = {}): void {
    this.msn++;
    this.index = 0;
    this.endMs = startMs;
    this.startMs = startMs;
    this.isOpen = true;
    if (isDiscontinuity) this.discontinuities++;
    const { streamId, name: rendition } = this;
    this.apply({ type: 'segment', streamId, rendition, segment: this.start(isDiscontinuity) });
  }

  part(options: SegmentOptions & { readonly isLast?: boolean; readonly bytes?: Uint8Array } = {}): Part {
    const { partMs = 500, isIndependent = this.index === 0, isLast = false } = options;
    const startTicks = this.ticks(this.endMs);
    this.endMs += partMs;
    const durationTicks = this.ticks(this.endMs) - startTicks;
    const part: Part = {
      msn: this.msn,
      index: this.index++,
      startTicks,
      durationTicks,
      isIndependent,
      isPredictedLast: isLast,
      bytes: options.bytes ?? this.chunk(startTicks, durationTicks, options.partBytes ?? 1000),
    };
    this.apply({ type: 'part', streamId: this.streamId, rendition: this.name, part });
    return part;
  }

  close(): void {
    this.isOpen = false;
    this.apply({ type: 'segment-end', streamId: this.streamId, rendition: this.name, msn: this.msn });
  }

  /** The open segment ends where it had to, `lengthMs` after its start, although media is missing. */
  break(lengthMs: number): void {
    this.isOpen = false;
    this.endMs = this.startMs + lengthMs;
    const brokenUntilTicks = this.ticks(this.endMs);
    this.apply({ type: 'segment-end', streamId: this.streamId, rendition: this.name, msn: this.msn, brokenUntilTicks });
  }

  segment(options: SegmentOptions = {}): void {
    const { parts = 4 } = options;
    this.open(options);
    for (let i = 0; i < parts; i++) {
      this.part({ ...options, isIndependent: i === 0 && (options.isIndependent ?? true), isLast: i === parts - 1 });
    }
    this.close();
  }

  gap(durationMs: number, isDiscontinuity = false): void {
    this.msn++;
    if (isDiscontinuity) this.discontinuities++;
    const { streamId, name: rendition } = this;
    const segment = this.start(isDiscontinuity);
    this.endMs += durationMs;
    const durationTicks = this.ticks(this.endMs) - segment.startTicks;
    this.apply({ type: 'gap', streamId, rendition, segment, durationTicks });
  }

  private start(isDiscontinuity: boolean) {
    const { msn, initVersion, discontinuities } = this;
    return {
      msn,
      startTicks: this.ticks(this.endMs),
      isDiscontinuity,
      discontinuitySequence: discontinuities,
      initVersion,
    };
  }

  private ticks(ms: number): number {
    return Math.round((ms * this.timescale) / 1000);
  }

  /** One frame: an IDR slice by its header, or something that AAC might be. */
  private chunk(startTicks: number, durationTicks: number, sizeBytes: number): Uint8Array {
    const sampleBytes = Buffer.alloc(sizeBytes, 1);
    if (this.config.kind === 'video') {
      sampleBytes.writeUInt32BE(sizeBytes - 4);
      sampleBytes[4] = 0x65;
    }
    return writeFragment({
      sequenceNumber: 1,
      baseDecodeTimeTicks: startTicks,
      kind: this.config.kind,
      samples: [{ sizeBytes, durationTicks, compositionOffsetTicks: 0, isSync: true }],
      sampleBytes,
    });
  }
}

/** A stream of hand-made messages. */
export class Feeder {
  readonly apply: (message: FeedMessage) => void;
  readonly streamId: string;

  constructor(apply: (message: FeedMessage) => void, change: Partial<StreamDescription> = {}) {
    this.apply = apply;
    const stream: StreamDescription = {
      streamId: 'st1',
      channel: 'show',
      availabilityStartMs: streamStartMs,
      targetDurationSeconds: 2,
      partTargetMs: 500,
      windowMs: 12_000,
      ...change,
    };
    this.streamId = stream.streamId;
    apply({ type: 'stream', stream });
  }

  video(name = 'source', change: Partial<VideoConfig> = {}): FeedRendition {
    return new FeedRendition(this.apply, this.streamId, name, { ...video, ...change });
  }

  /** A transcoded rendition that was planned. Its first segment is the one that `source` has open, or comes to next. */
  rung(name: keyof typeof plannedRungs, source?: FeedRendition): FeedRendition {
    const { codecString, widthPixels, heightPixels } = plannedRungs[name];
    const rung = this.video(name, { codecString, widthPixels, heightPixels });
    if (source !== undefined) rung.follow(source);
    return rung;
  }

  plan(...names: (keyof typeof plannedRungs)[]): void {
    this.apply({ type: 'planned', streamId: this.streamId, renditions: names.map((name) => plannedRungs[name]) });
  }

  audio(): FeedRendition {
    return new FeedRendition(this.apply, this.streamId, 'audio', audio);
  }

  interrupt(interrupted = true): void {
    this.apply({ type: 'interrupted', streamId: this.streamId, interrupted });
  }

  end(): void {
    this.apply({ type: 'ended', streamId: this.streamId });
  }
}
