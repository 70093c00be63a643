import { describe, expect, test } from 'vitest';
import { samplesOf, samplesOfSegment } from './broadcast.ts';
import { expectInStep, gapsOf, numbersOf, regular, Story, timesOf } from './rung-story.ts';

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
    expect(gapsOf(segments)).toEqual([4, 5, 6, 7]);
    expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
    const broken = segments[3]!;
    expect(broken.durationTicks).toBe(2 * 90_000);
    const mediaTicks = broken.parts.reduce((sum, { durationTicks }) => sum + durationTicks, 0);
    expect(mediaTicks / 90_000).toBeGreaterThan(0.9);
    expect(mediaTicks / 90_000).toBeLessThan(1.1);
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
    expect(gapsOf(story.end())).toEqual([4, 5]);
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
