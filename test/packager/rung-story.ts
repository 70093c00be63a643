import { expect } from 'vitest';
import { readFragments } from '../../src/media/mp4/fragment-reader.ts';
import type { AccessUnit, VideoConfig } from '../../src/media/track.ts';
import type { RungRepairs } from '../../src/packager/rung-lane.ts';
import type { Publication } from '../../src/stream/publication.ts';
import type { Segment } from '../../src/stream/window.ts';
import {
  audioConfig,
  type BroadcastOptions,
  play,
  type SourceOptions,
  samplesOf,
  samplesOfSegment,
  sourceUnits,
  videoConfig,
} from './broadcast.ts';
import { type EncoderOptions, type RungEncoder, TranscodedBroadcast } from './transcoded.ts';

/** Keyframes as they come with scene changes; with whole groups of one reference and two B-frames in between. */
export const irregular: SourceOptions = { fps: 30, gopFrames: [85, 61, 100, 40, 43, 88], seconds: 24, bFrames: true };

export const regular: SourceOptions = { fps: 30, gopFrames: 60, seconds: 16 };

export function begin(broadcast: TranscodedBroadcast, config = videoConfig): Publication {
  const publication = broadcast.attach();
  publication.videoConfig(config);
  publication.audioConfig(audioConfig);
  return publication;
}

export function transcoded(source: SourceOptions, rungs: Record<string, EncoderOptions>): TranscodedBroadcast {
  const broadcast = new TranscodedBroadcast();
  for (const [name, options] of Object.entries(rungs)) broadcast.encode(name, options);
  play(broadcast, begin(broadcast), sourceUnits(source));
  broadcast.drain();
  broadcast.packager.end();
  return broadcast;
}

export const numbersOf = (segments: readonly Segment[]) => segments.map(({ msn }) => msn);

export const gapsOf = (segments: readonly Segment[]) => segments.filter(({ isGap }) => isGap).map(({ msn }) => msn);

/** Holds every segment of a rung to the source's of the same number. */
export function expectInStep(broadcast: TranscodedBroadcast, name: string, toleranceTicks = 0): void {
  const source = new Map(broadcast.segments('source').map((segment) => [segment.msn, segment]));
  for (const segment of broadcast.segments(name)) {
    const own = source.get(segment.msn)!;
    expect(segment).toMatchObject({
      isDiscontinuity: own.isDiscontinuity,
      discontinuitySequence: own.discontinuitySequence,
    });
    expect(Math.abs(segment.startTicks - own.startTicks)).toBeLessThanOrEqual(toleranceTicks);
    if (segment.isGap) continue;
    const [first] = samplesOfSegment(segment);
    expect(first).toMatchObject({ pts: samplesOfSegment(own)[0]!.pts, isSync: true });
    expect(segment.parts[0]!.isIndependent).toBe(true);
  }
  const numbers = numbersOf(broadcast.segments(name));
  expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
}

/** Holds every fragment's decode time to the sum of the durations before. */
export function expectContinuous(broadcast: TranscodedBroadcast, name: string): void {
  let expected: number | undefined;
  for (const { parts } of broadcast.segments(name)) {
    for (const part of parts) {
      const [fragment] = readFragments(part.bytes);
      expect(fragment!.baseDecodeTimeTicks).toBe(part.startTicks);
      if (expected !== undefined) expect(part.startTicks).toBe(expected);
      expected = part.startTicks + part.durationTicks;
    }
  }
}

/** Presentation times of a rendition, in order. */
export function timesOf(broadcast: TranscodedBroadcast, name: string): number[] {
  return samplesOf(broadcast, name)
    .map(({ pts }) => pts)
    .sort((a, b) => a - b);
}

/** A broadcast that a test goes through step by step. */
export class Story {
  readonly broadcast: TranscodedBroadcast;
  readonly rung: RungEncoder;
  private readonly units: readonly AccessUnit[];
  private publication: Publication;
  private playedMs = 0;

  constructor(source: SourceOptions = regular, encoder: EncoderOptions = {}, options: BroadcastOptions = {}) {
    this.broadcast = new TranscodedBroadcast(options);
    this.units = sourceUnits(source);
    this.publication = begin(this.broadcast);
    this.rung = this.broadcast.encode('360p', encoder);
  }

  /** The source goes on to `ms` of its own time. */
  playTo(ms: number): void {
    const { broadcast, publication, playedMs } = this;
    play(
      broadcast,
      publication,
      this.units.filter(({ dtsMs }) => dtsMs >= playedMs && dtsMs < ms),
    );
    this.playedMs = ms;
  }

  /** The source loses everything before `ms`. */
  skipTo(ms: number): void {
    this.playedMs = ms;
  }

  lose(): void {
    this.publication.end('lost');
  }

  reconnect(config = videoConfig): void {
    this.publication = begin(this.broadcast, config);
  }

  configure(config: VideoConfig): void {
    this.publication.videoConfig(config);
  }

  /** The rung's segments, after its encoder has come to its end. */
  end(): readonly Segment[] {
    this.broadcast.drain();
    return this.broadcast.segments('360p');
  }

  get repairs(): RungRepairs {
    return this.broadcast.packager.rungRepairs.find(({ name }) => name === '360p')!;
  }
}
