import { readFragments } from '../../src/media/mp4/fragment-reader.ts';
import type { AccessUnit, AudioConfig, VideoConfig } from '../../src/media/track.ts';
import { Packager, type PackagerNotice } from '../../src/packager/packager.ts';
import { afterLoss, type Continuity } from '../../src/stream/continuity.ts';
import type { FeedMessage } from '../../src/stream/feed.ts';
import { LiveStream, streamStartMs } from '../../src/stream/live-stream.ts';
import type { MediaSink } from '../../src/stream/media-sink.ts';
import type { Publication, PublisherConnection } from '../../src/stream/publication.ts';
import type { StreamChange } from '../../src/stream/stream-change.ts';
import type { RenditionWindow, Segment } from '../../src/stream/window.ts';
import { Windows } from '../../src/stream/windows.ts';
import { ManualClock } from '../support/manual-clock.ts';

export const videoConfig: VideoConfig = {
  kind: 'video',
  codec: 'avc',
  codecString: 'avc1.640032',
  // x264, High, 1280x720
  record: Buffer.from(
    '01640032ffe1001a67640032ac7611014016ec0440000003004000000f03c60c611801000668e8438d2c8bfdf8f800',
    'hex',
  ),
  widthPixels: 1280,
  heightPixels: 720,
};
export const audioConfig: AudioConfig = {
  kind: 'audio',
  codec: 'aac',
  codecString: 'mp4a.40.2',
  record: Uint8Array.from([0x12, 0x10]),
  sampleRateHz: 44100,
  channelCount: 2,
  samplesPerFrame: 1024,
};

export interface BroadcastOptions {
  readonly segmentMs?: number;
  readonly partMs?: number;
  readonly windowMs?: number;
  readonly continuity?: Continuity;
  readonly clock?: ManualClock;
  /** Sees every frame on stream time, right after the packager. */
  readonly onUnit?: (unit: AccessUnit) => void;
  /** What stands before the packager. */
  readonly sinkOf?: (packager: Packager) => MediaSink;
}

/** A stream with its packager and the windows fed by it, on a clock of its own: what a viewer would see, without sockets. */
export class Broadcast {
  readonly clock: ManualClock;
  readonly windows: Windows;
  readonly messages: FeedMessage[] = [];
  readonly changes: StreamChange[] = [];
  readonly notices: PackagerNotice[] = [];
  readonly dismissals: string[] = [];
  readonly packager: Packager;
  readonly stream: LiveStream;
  /** When each segment of each rendition was listed, stream time ms. */
  readonly listedMs = new Map<string, number[]>();

  constructor(options: BroadcastOptions = {}) {
    this.clock = options.clock ?? new ManualClock();
    this.windows = new Windows(this.clock);
    const availabilityStartMs = options.continuity?.availabilityStartMs ?? this.clock.wallMs() - streamStartMs;
    this.packager = new Packager({
      streamId: 'st_1',
      channel: 'show',
      availabilityStartMs,
      wishes: {
        segmentMs: options.segmentMs ?? 2000,
        maxGopMs: 10_000,
        partMs: options.partMs ?? 500,
        windowMs: options.windowMs ?? 600_000,
      },
      emit: (message) => this.emit(message),
      notice: (notice) => this.notices.push(notice),
      ...(options.continuity && { continuity: afterLoss(options.continuity) }),
    });
    this.stream = new LiveStream({
      id: 'st_1',
      channel: 'show',
      keyId: undefined,
      clock: this.clock,
      sink: options.sinkOf?.(this.packager) ?? observed(this.packager, options.onUnit),
      availabilityStartMs,
      graceMs: 30_000,
      pendingTimeoutMs: 300_000,
      onChange: (_, change) => this.changes.push(change),
      isRestored: options.continuity !== undefined,
    });
    if (options.continuity) this.packager.resume(this.stream.nowMs());
  }

  attach(): Publication {
    const connection: PublisherConnection = {
      id: 'c',
      remoteAddress: '127.0.0.1',
      encoder: 'test',
      dismiss: (reason) => this.dismissals.push(reason),
    };
    return this.stream.attach(connection);
  }

  rendition(name: string): RenditionWindow {
    const found = this.windows.find('st_1')?.renditions.get(name);
    if (found === undefined) throw new Error(`no rendition ${name}`);
    return found;
  }

  segments(name: string): readonly Segment[] {
    return this.rendition(name).segments;
  }

  /** Lets time pass with nothing but ticks. */
  wait(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100);
      this.stream.tick();
    }
  }

  private emit(message: FeedMessage): void {
    this.messages.push(message);
    if (message.type === 'segment-end' || message.type === 'gap') {
      const listed = this.listedMs.get(message.rendition) ?? [];
      listed.push(this.stream.nowMs());
      this.listedMs.set(message.rendition, listed);
    }
    this.windows.apply(message);
  }
}

/** The packager, and somebody who looks at what it gets. */
function observed(packager: Packager, onUnit: ((unit: AccessUnit) => void) | undefined): MediaSink {
  if (onUnit === undefined) return packager;
  return {
    get isGapping() {
      return packager.isGapping;
    },
    get endMs() {
      return packager.endMs;
    },
    begin: (start) => packager.begin(start),
    configure: (config) => packager.configure(config),
    accessUnit: (unit) => {
      packager.accessUnit(unit);
      onUnit(unit);
    },
    markDiscontinuity: () => packager.markDiscontinuity(),
    interrupt: () => packager.interrupt(),
    tick: (nowMs) => packager.tick(nowMs),
    end: () => packager.end(),
  };
}

/** All samples of a rendition in order, with absolute times, as a player finds them in the fragments. */
export function samplesOf(broadcast: Broadcast, name: string) {
  return broadcast.segments(name).flatMap(samplesOfSegment);
}

export function samplesOfSegment(segment: Segment) {
  const samples: { dts: number; pts: number; isSync: boolean; sizeBytes: number }[] = [];
  for (const part of segment.parts) {
    for (const fragment of readFragments(part.bytes)) {
      let dts = fragment.baseDecodeTimeTicks;
      for (const { durationTicks, compositionOffsetTicks, isSync, data } of fragment.samples) {
        samples.push({ dts, pts: dts + compositionOffsetTicks, isSync, sizeBytes: data.length });
        dts += durationTicks;
      }
    }
  }
  return samples;
}

export interface SourceOptions {
  readonly fps: number;
  /** Frames from keyframe to keyframe; several take turns. */
  readonly gopFrames: number | readonly number[];
  readonly seconds: number;
  /** Publisher's clock at the first frame, ms. */
  readonly startMs?: number;
  readonly video?: boolean;
  readonly audio?: boolean;
  readonly audioFromMs?: number;
  readonly audioUntilMs?: number;
  /** Composition offsets as of two B-frames. */
  readonly bFrames?: boolean;
}

/** Access units as an encoder would send them, in order of decode time, millisecond timestamps rounded as RTMP does. */
export function sourceUnits(options: SourceOptions): AccessUnit[] {
  const { fps, gopFrames, seconds, startMs = 0, video = true, audio = true, bFrames = false } = options;
  const units: AccessUnit[] = [];
  if (video) {
    const gops = typeof gopFrames === 'number' ? [gopFrames] : gopFrames;
    let inGop = -1;
    let gop = 0;
    for (let n = 0; n < Math.round(seconds * fps); n++) {
      inGop++;
      if (inGop === gops[gop % gops.length]) {
        inGop = 0;
        gop++;
      }
      // Decode order I P B B: an offset of one interval for the reference frames' reordering.
      const offsetFrames = bFrames ? (inGop === 0 ? 1 : [3, 0, 0][(inGop - 1) % 3]!) : 0;
      units.push({
        kind: 'video',
        dtsMs: startMs + Math.round((n * 1000) / fps),
        compositionOffsetMs: Math.round((offsetFrames * 1000) / fps),
        isSync: inGop === 0,
        data: new Uint8Array(200).fill(n),
      });
    }
  }
  if (audio) {
    const untilMs = options.audioUntilMs ?? seconds * 1000;
    for (let n = 0; ; n++) {
      const atMs = Math.round((n * 1024 * 1000) / 44100);
      if (atMs >= untilMs) break;
      if (atMs < (options.audioFromMs ?? 0)) continue;
      units.push({
        kind: 'audio',
        dtsMs: startMs + atMs,
        compositionOffsetMs: 0,
        isSync: true,
        data: new Uint8Array(20),
      });
    }
  }
  return units.sort((a, b) => a.dtsMs - b.dtsMs);
}

/** Hands the units in at their own pace. */
export function play(broadcast: Broadcast, publication: Publication, units: readonly AccessUnit[]): void {
  const firstMs = units[0]!.dtsMs;
  const startMs = broadcast.clock.monotonicMs();
  let tickAtMs = startMs;
  for (const unit of units) {
    const atMs = startMs + unit.dtsMs - firstMs;
    while (tickAtMs + 100 <= atMs) {
      tickAtMs += 100;
      broadcast.clock.advance(Math.max(0, tickAtMs - broadcast.clock.monotonicMs()));
      broadcast.stream.tick();
    }
    broadcast.clock.advance(Math.max(0, atMs - broadcast.clock.monotonicMs()));
    publication.accessUnit(unit);
  }
}
