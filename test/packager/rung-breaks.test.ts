import { describe, expect, test } from 'vitest';
import { audioConfig, play, sourceUnits, videoConfig } from './broadcast.ts';
import { begin, expectInStep, gapsOf, numbersOf, regular, Story, timesOf } from './rung-story.ts';
import { rungConfig, TranscodedBroadcast } from './transcoded.ts';

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
    expect(gapsOf(segments)).toEqual([5]);
    expect(segments.map(({ initVersion }) => initVersion)).toEqual([1, 1, 1, 1, 1, 2, 2, 2]);
    expect(segments[4]!.parts).toHaveLength(2);
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

  test('what is still inside the encoder comes out, and completes the segment that the source ended with', () => {
    const story = new Story(regular, { lagMs: 300 });
    story.playTo(9000);
    story.lose();
    expect(story.broadcast.segments('360p').at(-1)!.isComplete).toBe(false);
    story.rung.flush();
    story.broadcast.wait(500);
    expectInStep(story.broadcast, '360p');
    expect(timesOf(story.broadcast, '360p')).toEqual(timesOf(story.broadcast, 'source'));
    const [last, own] = ['360p', 'source'].map((name) => story.broadcast.segments(name).at(-1)!);
    expect(last).toMatchObject({ isComplete: true, isGap: false, durationTicks: own!.durationTicks });
    expect(story.repairs).toMatchObject({ lateFrames: 0, gapSegments: 0 });
  });

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
