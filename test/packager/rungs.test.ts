import { describe, expect, test } from 'vitest';
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
import { type EncoderOptions, type RungEncoder, rungConfig, TranscodedBroadcast } from './transcoded.ts';

/** Keyframes as they come with scene changes; with whole groups of one reference and two B-frames in between. */
const irregular: SourceOptions = { fps: 30, gopFrames: [85, 61, 100, 40, 43, 88], seconds: 24, bFrames: true };
const regular: SourceOptions = { fps: 30, gopFrames: 60, seconds: 16 };

function begin(broadcast: TranscodedBroadcast, config = videoConfig): Publication {
  const publication = broadcast.attach();
  publication.videoConfig(config);
  publication.audioConfig(audioConfig);
  return publication;
}

function transcoded(source: SourceOptions, rungs: Record<string, EncoderOptions>): TranscodedBroadcast {
  const broadcast = new TranscodedBroadcast();
  for (const [name, options] of Object.entries(rungs)) broadcast.encode(name, options);
  play(broadcast, begin(broadcast), sourceUnits(source));
  broadcast.drain();
  broadcast.packager.end();
  return broadcast;
}

const numbersOf = (segments: readonly Segment[]) => segments.map(({ msn }) => msn);
const gapsOf = (segments: readonly Segment[]) => segments.filter(({ isGap }) => isGap).map(({ msn }) => msn);

/** Holds every segment of a rung to the source's of the same number. */
function expectInStep(broadcast: TranscodedBroadcast, name: string, toleranceTicks = 0): void {
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
function expectContinuous(broadcast: TranscodedBroadcast, name: string): void {
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
function timesOf(broadcast: TranscodedBroadcast, name: string): number[] {
  return samplesOf(broadcast, name)
    .map(({ pts }) => pts)
    .sort((a, b) => a - b);
}

describe.each([
  ['5 ms behind', irregular, { lagMs: 5 }],
  ['40 ms behind', irregular, { lagMs: 40 }],
  ['300 ms behind', irregular, { lagMs: 300 }],
  ['with B-frames of its own', irregular, { lagMs: 100, bFrames: true }],
  ['of a source without B-frames', { ...irregular, bFrames: false }, { lagMs: 8 }],
  ['of a source of 29.97 fps', { ...irregular, fps: 29.97 }, { lagMs: 40 }],
  ['of a source of 23.976 fps', { ...irregular, fps: 23.976 }, { lagMs: 5 }],
] as const)('a rung %s', (_, source, options) => {
  const broadcast = transcoded(source, { '360p': options, '240p': options });

  test('has the segments of the source, beginning at the same pictures', () => {
    expect(numbersOf(broadcast.segments('360p'))).toEqual(numbersOf(broadcast.segments('source')));
    expectInStep(broadcast, '360p');
    expectInStep(broadcast, '240p');
    expect(broadcast.packager.rungRepairs).toMatchObject([
      { name: '360p', lateFrames: 0, skippedFrames: 0, gapSegments: 0 },
      { name: '240p', lateFrames: 0, skippedFrames: 0, gapSegments: 0 },
    ]);
  });

  test('has every picture at its exact time', () => {
    expect(timesOf(broadcast, '360p')).toEqual(timesOf(broadcast, 'source'));
  });

  test('has fragments that begin where the one before ended', () => {
    expectContinuous(broadcast, '360p');
  });

  test("has parts as long as the source's", () => {
    for (const name of ['source', '360p']) {
      for (const { parts } of broadcast.segments(name)) {
        parts.forEach((part, index) => {
          expect(part.durationTicks).toBeLessThanOrEqual(500 * 90);
          if (index < parts.length - 1) expect(part.durationTicks).toBeGreaterThanOrEqual(0.85 * 500 * 90);
        });
      }
    }
  });
});

test('a rung of half the frames has the same segments', () => {
  const broadcast = transcoded({ ...irregular, fps: 60, gopFrames: [124, 106, 118] }, { '360p': { halfRate: true } });
  expect(numbersOf(broadcast.segments('360p'))).toEqual(numbersOf(broadcast.segments('source')));
  expectInStep(broadcast, '360p');
  expect(broadcast.rendition('360p').description.frameRate).toBe(30);
  const frames = samplesOf(broadcast, '360p').length / samplesOf(broadcast, 'source').length;
  expect(frames).toBeCloseTo(0.5, 1);
});

test.each([
  ['more and more', 0, 20],
  ['less and less', 60, -20],
])('a source whose frames are reordered by %s has rungs that begin with its segments', (_, firstMs, stepMs) => {
  const broadcast = new TranscodedBroadcast();
  const publication = begin(broadcast);
  for (const [name, lagMs] of [
    ['360p', 40],
    ['240p', 5],
  ] as const) {
    broadcast.encode(name, { lagMs });
  }
  const units = sourceUnits({ ...irregular, bFrames: false, audio: false });
  let gop = -1;
  const shifted = units.map((unit) => {
    if (unit.isSync) gop++;
    // The same pictures at the same times, decoded 0 to 60 ms earlier.
    const earlyMs = Math.max(0, Math.min(firstMs + gop * stepMs, 60));
    return { ...unit, dtsMs: unit.dtsMs - earlyMs, compositionOffsetMs: earlyMs };
  });
  play(broadcast, publication, shifted);
  broadcast.drain();
  broadcast.packager.end();
  for (const name of ['360p', '240p']) {
    // A frame lasts a tick at least, also where the source's decode times have run ahead of its pictures.
    expectInStep(broadcast, name, 1);
    expect(timesOf(broadcast, name)).toEqual(timesOf(broadcast, 'source'));
  }
});

test('a rung is described with its own encoding, and by what was measured of it', () => {
  const broadcast = transcoded(regular, { '360p': { config: rungConfig(360) } });
  const { description } = broadcast.rendition('360p');
  expect(description).toMatchObject({ name: '360p', timescale: 90_000, frameRate: 30, init: { version: 1 } });
  expect(description.config).toMatchObject({ heightPixels: 360, codecString: 'avc1.64001f' });
  expect([...broadcast.windows.find('st_1')!.renditions.keys()]).toEqual(['source', '360p', 'audio']);
  const [first] = broadcast.messages.filter(
    (message) => message.type === 'rendition' && message.rendition.name === '360p',
  );
  expect(first).toMatchObject({ rendition: { frameRate: 30, decodeDelayTicks: 0 } });
});

test('a rung with B-frames says by how much its decode times were moved', () => {
  const broadcast = transcoded(regular, { '360p': { bFrames: true } });
  expect(broadcast.rendition('360p').description.decodeDelayTicks).toBe(34 * 90);
});

test('a rung of which nobody has seen anything may begin with another encoding', () => {
  const story = new Story();
  story.playTo(1000);
  story.lose();
  story.reconnect();
  story.rung.reconfigure(rungConfig(360, 0x15));
  story.skipTo(2000);
  story.playTo(16_000);
  const segments = story.end();
  expectInStep(story.broadcast, '360p');
  expect(numbersOf(segments)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(gapsOf(segments)).toEqual([]);
});

const beginning = ({ msn, startTicks, parts }: Segment) => ({
  msn,
  startTicks,
  isIndependent: parts[0]?.isIndependent,
});

test('a segment of the source that is cut without a keyframe is cut in the rung at the same time', () => {
  const broadcast = transcoded({ ...irregular, gopFrames: [61, 61, 121] }, { '360p': {}, '240p': { lagMs: 5 } });
  expect(broadcast.packager.counters.forcedCuts).toBeGreaterThan(1);
  for (const name of ['360p', '240p']) {
    expect(timesOf(broadcast, name)).toEqual(timesOf(broadcast, 'source'));
    expect(broadcast.segments(name).map(beginning)).toEqual(broadcast.segments('source').map(beginning));
  }
});

/** A broadcast that a test goes through step by step. */
class Story {
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

describe('a rung that begins late', () => {
  function late(options: { plannedMs: number; startsMs: number; fromGop?: boolean }): Story {
    const { plannedMs, startsMs, fromGop = false } = options;
    const story = new Story();
    story.broadcast.packager.removeRung('360p');
    story.broadcast.encoders.length = 0;
    story.playTo(plannedMs);
    story.broadcast.packager.addRung('360p');
    if (startsMs > plannedMs) story.playTo(startsMs);
    story.broadcast.encode('360p', { fromGop });
    story.playTo(16_000);
    return story;
  }

  test('has its first picture where a segment of the source begins', () => {
    const story = late({ plannedMs: 5000, startsMs: 5000 });
    const segments = story.end();
    expectInStep(story.broadcast, '360p');
    expect(numbersOf(segments)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(gapsOf(segments)).toEqual([3]);
    expect(story.repairs).toMatchObject({ gapSegments: 1, lateFrames: 0 });
    expect(story.repairs.skippedFrames).toBeGreaterThan(20);
  });

  test('takes the segment that is being made when its encoder was given all of it', () => {
    const story = late({ plannedMs: 5000, startsMs: 5000, fromGop: true });
    const segments = story.end();
    expectInStep(story.broadcast, '360p');
    expect(numbersOf(segments)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(story.repairs).toMatchObject({ gapSegments: 0, skippedFrames: 0, lateFrames: 0 });
  });

  test('lists what it missed since it was planned as gaps, without a discontinuity', () => {
    const story = late({ plannedMs: 3000, startsMs: 9000 });
    const segments = story.end();
    expectInStep(story.broadcast, '360p');
    expect(gapsOf(segments)).toEqual([2, 3, 4, 5]);
    expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
  });

  test('lists no more of what it missed than a playlist lists', () => {
    const story = new Story({ ...regular, seconds: 60 }, {}, { windowMs: 12_000 });
    story.rung.isStalled = true;
    story.playTo(50_000);
    story.rung.begin();
    story.playTo(56_000);
    const gaps = story.broadcast.messages.filter((message) => message.type === 'gap' && message.rendition === '360p');
    expect(gaps.length).toBeGreaterThan(4);
    expect(gaps.length).toBeLessThan(9);
    expectInStep(story.broadcast, '360p');
  });

  test('is told of with its first picture, not before', () => {
    const story = late({ plannedMs: 3000, startsMs: 15_900 });
    expect([...story.broadcast.windows.find('st_1')!.renditions.keys()]).toEqual(['source', 'audio']);
    expect(story.broadcast.packager.continuity()!.renditions.map(({ name }) => name)).toEqual(['source', 'audio']);
    expect(story.broadcast.packager.rungNames).toEqual(['360p']);
  });
});

describe('an encoder that hangs', () => {
  test('and is started anew with what it was given before leaves no trace but a keyframe', () => {
    const story = new Story();
    story.playTo(7000);
    story.rung.isStalled = true;
    story.playTo(8800);
    story.rung.restart();
    story.playTo(16_000);
    story.end();
    expectInStep(story.broadcast, '360p');
    expect(timesOf(story.broadcast, '360p')).toEqual(timesOf(story.broadcast, 'source'));
    expect(story.repairs).toMatchObject({ gapSegments: 0, lateFrames: 0, skippedFrames: 0, stretchedFrames: 0 });
    const keyframes = (name: string) => samplesOf(story.broadcast, name).filter(({ isSync }) => isSync).length;
    expect(keyframes('360p')).toBe(keyframes('source') + 1);
  });

  test('for longer than a target duration costs the segments that were due, and goes on at the next keyframe', () => {
    const story = new Story();
    story.playTo(7000);
    story.rung.isStalled = true;
    story.playTo(13_000);
    story.rung.begin();
    story.playTo(16_000);
    const segments = story.end();
    expectInStep(story.broadcast, '360p');
    expect(gapsOf(segments)).toEqual([5, 6, 7]);
    expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
    const cutShort = segments[3]!;
    expect(cutShort.durationTicks / 90_000).toBeGreaterThan(0.9);
    expect(cutShort.durationTicks / 90_000).toBeLessThan(1.1);
    expect([...story.broadcast.rendition('360p').descriptions.keys()]).toEqual([1]);
    expect(story.repairs).toMatchObject({ gapSegments: 3, lateFrames: 0 });
  });

  test('has its gaps listed a target duration after the source had the segments', () => {
    const story = new Story();
    story.playTo(7000);
    story.rung.isStalled = true;
    story.playTo(16_000);
    const own = story.broadcast.listedMs.get('360p')!;
    const source = story.broadcast.listedMs.get('source')!;
    for (const [index, atMs] of own.entries()) {
      if (index < 3) continue;
      expect(atMs - source[index]!).toBeGreaterThanOrEqual(2000);
      expect(atMs - source[index]!).toBeLessThanOrEqual(2200);
    }
    expect(own).toHaveLength(6);
  });

  test('loses frames of segments that were listed without them, and has them counted', () => {
    const story = new Story();
    story.playTo(7000);
    story.rung.isStalled = true;
    story.playTo(13_000);
    story.rung.restart();
    story.playTo(16_000);
    expect(gapsOf(story.end())).toEqual([5]);
    expectInStep(story.broadcast, '360p');
    // Of segment 4 what is missing of it, of segment 5 all.
    expect(story.repairs.lateFrames).toBeGreaterThanOrEqual(60 + 30);
    expect(story.repairs.lateFrames).toBeLessThanOrEqual(60 + 33);
  });
});

test('an encoder that comes back in a segment without a keyframe does not go on in the middle of it', () => {
  const story = new Story({ fps: 30, gopFrames: [60, 400, 60], seconds: 24, audio: false });
  story.playTo(3000);
  story.rung.isStalled = true;
  story.playTo(9000);
  story.rung.isStalled = false;
  story.playTo(24_000);
  const segments = story.end();
  expect(story.broadcast.packager.counters.forcedCuts).toBeGreaterThan(3);
  const first = segments.slice(2).find(({ isGap }) => !isGap)!;
  expect(samplesOfSegment(first)[0]).toMatchObject({ isSync: true });
  expect(first.startTicks / 90_000 - segments[0]!.startTicks / 90_000).toBeCloseTo(460 / 30, 2);
});

test('a keyframe that the source has not cuts nothing', () => {
  const story = new Story();
  for (const ms of [3000, 4500, 7100]) {
    story.playTo(ms);
    story.rung.isStalled = true;
    story.playTo(ms + 100);
    story.rung.restart();
  }
  story.playTo(16_000);
  const segments = story.end();
  expectInStep(story.broadcast, '360p');
  expect(segments).toHaveLength(8);
});

test('a rung without a picture of a keyframe of the source has no segment there', () => {
  const story = new Story(regular, { lagMs: 10 });
  story.playTo(5990);
  story.rung.isStalled = true;
  story.playTo(6080);
  story.rung.begin();
  story.playTo(16_000);
  expect(gapsOf(story.end())).toEqual([4]);
  expectInStep(story.broadcast, '360p');
  expect(story.repairs).toMatchObject({ gapSegments: 1, lateFrames: 0 });
});

test('a frame that comes twice is taken once', () => {
  const story = new Story();
  story.playTo(7000);
  story.rung.repeat(20);
  story.playTo(16_000);
  story.end();
  expect(timesOf(story.broadcast, '360p')).toEqual(timesOf(story.broadcast, 'source'));
  expect(story.repairs.lateFrames).toBe(20);
});

describe('a discontinuity', () => {
  const otherSource = { ...videoConfig, codecString: 'avc1.64001f', record: rungConfig(720, 0x1e).record };
  const discontinuities = (story: Story, name: string) =>
    story.broadcast
      .segments(name)
      .filter(({ isDiscontinuity }) => isDiscontinuity)
      .map(({ msn, discontinuitySequence }) => [msn, discontinuitySequence]);

  test('of a source with a new encoding is one of the rungs, at the same number', () => {
    const story = new Story();
    story.playTo(8000);
    story.broadcast.clock.advance(40);
    story.configure(otherSource);
    story.rung.reconfigure(rungConfig(360, 0x15));
    story.playTo(16_000);
    story.end();
    expectInStep(story.broadcast, '360p');
    for (const name of ['source', '360p', 'audio']) expect(discontinuities(story, name)).toEqual([[5, 1]]);
    expect(timesOf(story.broadcast, '360p')).toEqual(timesOf(story.broadcast, 'source'));
    expect(story.broadcast.segments('360p').map(({ initVersion }) => initVersion)).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    expect(story.repairs).toMatchObject({ gapSegments: 0, skippedFrames: 0, lateFrames: 0 });
  });

  test('leaves the init segment of a rung whose encoding stays', () => {
    const story = new Story();
    story.playTo(8000);
    story.configure(otherSource);
    story.playTo(16_000);
    story.end();
    expect(discontinuities(story, '360p')).toEqual([[5, 1]]);
    expect([...story.broadcast.rendition('360p').descriptions.keys()]).toEqual([1]);
    expect([...story.broadcast.rendition('source').descriptions.keys()]).toEqual([1, 2]);
  });

  test('is made in all renditions for a rung that changes its encoding alone', () => {
    const story = new Story();
    story.playTo(9000);
    story.rung.reconfigure(rungConfig(360, 0x15));
    story.playTo(16_000);
    const segments = story.end();
    expectInStep(story.broadcast, '360p');
    for (const name of ['source', '360p', 'audio']) expect(discontinuities(story, name)).toEqual([[6, 1]]);
    expect(gapsOf(segments)).toEqual([]);
    expect(segments.map(({ initVersion }) => initVersion)).toEqual([1, 1, 1, 1, 1, 2, 2, 2]);
    expect(segments[4]!.durationTicks / 90_000).toBeCloseTo(1, 1);
    expect(story.repairs.skippedFrames).toBeGreaterThan(20);
  });

  test('that is due for late sound does not disturb a rung', () => {
    const broadcast = new TranscodedBroadcast();
    broadcast.encode('360p');
    play(broadcast, begin(broadcast), sourceUnits({ ...regular, audioFromMs: 5000 }));
    broadcast.drain();
    expectInStep(broadcast, '360p');
    expect(timesOf(broadcast, '360p')).toEqual(timesOf(broadcast, 'source'));
  });
});

describe('while the publisher is away', () => {
  function absence(ms: number): Story {
    const story = new Story({ ...regular, gopFrames: 61, bFrames: true, seconds: 20 });
    story.playTo(9000);
    story.lose();
    story.rung.flush();
    story.broadcast.wait(ms);
    story.reconnect();
    story.skipTo(10_167);
    story.playTo(20_000);
    story.end();
    return story;
  }

  test('for a moment, a rung ends with what has come and goes on behind the same discontinuity', () => {
    const story = absence(2000);
    expectInStep(story.broadcast, '360p');
    expect(numbersOf(story.broadcast.segments('360p'))).toEqual(numbersOf(story.broadcast.segments('source')));
    expect(gapsOf(story.broadcast.segments('360p'))).toEqual([]);
    // What the encoder still had in hand when the connection broke.
    const missing = timesOf(story.broadcast, 'source').length - timesOf(story.broadcast, '360p').length;
    expect(missing).toBe(story.repairs.lateFrames);
    expect(missing).toBeLessThanOrEqual(4);
  });

  test('for 25 s, a rung has the gaps of the source, at the same times', () => {
    const story = absence(25_000);
    expectInStep(story.broadcast, '360p');
    const gaps = gapsOf(story.broadcast.segments('source'));
    expect(gaps.length).toBeGreaterThan(5);
    expect(gapsOf(story.broadcast.segments('360p'))).toEqual(gaps);
    const listedAt = (name: string) =>
      new Map(story.broadcast.segments(name).map(({ msn }, i) => [msn, story.broadcast.listedMs.get(name)![i]]));
    for (const msn of gaps) expect(listedAt('360p').get(msn)).toBe(listedAt('source').get(msn));
    expect(story.repairs.gapSegments).toBe(0);
  });

  test('or is connected and silent, a rung keeps up with the gaps, and goes on with the source', () => {
    const story = new Story();
    story.playTo(5000);
    story.broadcast.wait(6000);
    story.playTo(16_000);
    story.end();
    expectInStep(story.broadcast, '360p');
    expect(gapsOf(story.broadcast.segments('360p'))).toEqual(gapsOf(story.broadcast.segments('source')));
  });

  test('and returns without video for a while, a rung has gaps as the source has', () => {
    const story = new Story();
    story.playTo(5000);
    story.lose();
    const publication = story.broadcast.attach();
    publication.audioConfig(audioConfig);
    play(story.broadcast, publication, sourceUnits({ ...regular, video: false, seconds: 3 }));
    story.broadcast.encode('240p');
    play(story.broadcast, publication, sourceUnits({ ...regular, video: false, seconds: 7, startMs: 3000 }));
    story.reconnect();
    story.skipTo(8000);
    story.playTo(16_000);
    story.end();
    for (const name of ['360p', '240p']) expectInStep(story.broadcast, name);
    const gaps = gapsOf(story.broadcast.segments('source'));
    expect(gaps.length).toBeGreaterThan(3);
    expect(gapsOf(story.broadcast.segments('360p'))).toEqual(gaps);
    expect(gapsOf(story.broadcast.segments('240p')).length).toBeGreaterThan(1);
  });

  test('longer than a segment takes, a rung that has come as far ends it with the source', () => {
    const story = new Story({ fps: 30, gopFrames: 250, seconds: 40 });
    story.playTo(24_000);
    story.broadcast.wait(8000);
    expect(story.broadcast.rendition('source').lastSegment).toMatchObject({ msn: 3, isComplete: true });
    expect(story.broadcast.rendition('360p').lastSegment).toMatchObject({ msn: 3, isComplete: true });
  });

  test('longer than a segment takes, a rung far behind waits for what is still on its way', () => {
    const story = new Story({ fps: 30, gopFrames: 250, seconds: 24 }, { lagMs: 9000 });
    story.playTo(24_000);
    story.broadcast.wait(8000);
    expect(story.broadcast.rendition('source').lastSegment).toMatchObject({ msn: 3, isComplete: true });
    expect(story.broadcast.rendition('360p').lastSegment).toMatchObject({ msn: 3, isComplete: false });
    story.broadcast.wait(2000);
    expect(timesOf(story.broadcast, '360p').length).toBeGreaterThan(24 * 30 - 15);
    expect(story.repairs.lateFrames).toBe(0);
  });
});

describe('a rung that is given up', () => {
  function removed(windowMs: number): Story {
    const story = new Story({ ...regular, seconds: 60 }, {}, { windowMs });
    story.playTo(9000);
    story.broadcast.packager.removeRung('360p');
    return story;
  }

  test('ends its segment with what has come, and goes on with gaps when the source lists a segment', () => {
    const story = removed(600_000);
    expect(story.broadcast.segments('360p').at(-1)).toMatchObject({ msn: 5, isComplete: true, isGap: false });
    story.playTo(16_000);
    expectInStep(story.broadcast, '360p');
    expect(gapsOf(story.broadcast.segments('360p'))).toEqual([6, 7]);
    expect(story.repairs.skippedFrames).toBeGreaterThan(100);
  });

  test('is no longer to be offered', () => {
    const story = removed(600_000);
    expect(story.broadcast.rendition('360p').description).toMatchObject({ isWithdrawn: true });
  });

  test('is gone when the last of its media has left the list', () => {
    const story = removed(12_000);
    story.playTo(20_000);
    expect(story.broadcast.packager.rungNames).toEqual(['360p']);
    story.playTo(24_000);
    expect(story.broadcast.packager.rungNames).toEqual([]);
    expect([...story.broadcast.windows.find('st_1')!.renditions.keys()]).toEqual(['source', 'audio']);
    const gone = story.broadcast.messages.filter(({ type }) => type === 'rendition-gone');
    expect(gone).toEqual([{ type: 'rendition-gone', streamId: 'st_1', rendition: '360p' }]);
  });

  test('and taken up again goes on in its playlist, and is offered again', () => {
    const story = removed(600_000);
    story.playTo(13_000);
    story.broadcast.packager.addRung('360p');
    expect(story.broadcast.rendition('360p').description.isWithdrawn).toBe(true);
    story.playTo(16_000);
    const segments = story.end();
    expectInStep(story.broadcast, '360p');
    expect(gapsOf(segments)).toEqual([6, 7]);
    expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
    expect(story.broadcast.rendition('360p').description.isWithdrawn).toBeUndefined();
    expect([...story.broadcast.rendition('360p').descriptions.keys()]).toEqual([1]);
  });

  test('before anybody could see it leaves nothing', () => {
    const story = new Story();
    story.playTo(1000);
    story.broadcast.packager.removeRung('360p');
    story.playTo(16_000);
    expect([...story.broadcast.windows.find('st_1')!.renditions.keys()]).toEqual(['source', 'audio']);
    expect(story.broadcast.messages.some((message) => 'rendition' in message && message.rendition === '360p')).toBe(
      false,
    );
  });
});

describe('after a crash', () => {
  function restarted() {
    const first = new Story();
    first.playTo(9000);
    const continuity = first.broadcast.packager.continuity()!;
    first.broadcast.clock.advance(4000);
    const second = new TranscodedBroadcast({ continuity, clock: first.broadcast.clock });
    return { continuity, second };
  }

  test('a rung is known with its bit rate and its init segment, and has gaps', () => {
    const { continuity, second } = restarted();
    expect(continuity.renditions.map(({ name }) => name)).toEqual(['source', '360p', 'audio']);
    expect(continuity.renditions[1]).toMatchObject({ initVersion: 1, frameRate: 30 });
    expect(continuity.renditions[1]!.measured!.averageBps).toBeGreaterThan(1000);
    expect(second.packager.rungNames).toEqual(['360p']);
    expect(gapsOf(second.segments('360p'))).toEqual(gapsOf(second.segments('source')));
    expect(gapsOf(second.segments('360p')).length).toBeGreaterThan(0);
  });

  test('a rung that is planned again goes on behind the discontinuity, with the same init segment', () => {
    const { second } = restarted();
    const publication = begin(second);
    second.encode('360p');
    play(second, publication, sourceUnits({ ...regular, seconds: 7 }));
    second.drain();
    expectInStep(second, '360p');
    const media = second.segments('360p').filter(({ isGap }) => !isGap);
    expect(media[0]).toMatchObject({ isDiscontinuity: true, initVersion: 1 });
    expect(numbersOf(media)).toEqual(numbersOf(second.segments('source').filter(({ isGap }) => !isGap)));
  });

  test('a rung that comes back later with another encoding gets a discontinuity of its own', () => {
    const { second } = restarted();
    const publication = begin(second);
    const units = sourceUnits(regular);
    const between = (fromMs: number, toMs: number) => units.filter(({ dtsMs }) => dtsMs >= fromMs && dtsMs < toMs);
    play(second, publication, between(0, 5000));
    second.encode('360p', { config: rungConfig(360, 0x15) });
    play(second, publication, between(5000, 12_000));
    second.drain();
    expectInStep(second, '360p');
    const media = second.segments('360p').filter(({ isGap }) => !isGap);
    expect(media[0]).toMatchObject({ isDiscontinuity: true, initVersion: 2 });
    expect(second.segments('source').filter(({ isDiscontinuity }) => isDiscontinuity)).toHaveLength(2);
  });

  test('a rung that is not planned again keeps having gaps at once, until it is removed', () => {
    const { second } = restarted();
    play(second, begin(second), sourceUnits({ ...regular, seconds: 7 }));
    expectInStep(second, '360p');
    const complete = second.segments('source').filter(({ isComplete }) => isComplete);
    expect(gapsOf(second.segments('360p'))).toEqual(numbersOf(complete));
    second.packager.removeRung('360p');
    expect(second.rendition('360p').description.isWithdrawn).toBe(true);
  });
});
