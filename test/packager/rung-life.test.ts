import { describe, expect, test } from 'vitest';
import { play, sourceUnits } from './broadcast.ts';
import { begin, expectInStep, gapsOf, numbersOf, regular, Story } from './rung-story.ts';
import { rungConfig, TranscodedBroadcast } from './transcoded.ts';

describe('rungs that are planned', () => {
  const planned = {
    ...{ name: '360p', codecString: 'avc1.4d401e', widthPixels: 640, heightPixels: 360 },
    ...{ averageBps: 800_000, peakBps: 880_000 },
  };

  test('are told with the stream, before there is media of them', () => {
    const story = new Story();
    story.broadcast.packager.planRungs([planned]);
    story.playTo(1000);
    story.lose();
    story.reconnect();
    story.skipTo(2000);
    story.playTo(6000);
    expect(story.broadcast.messages.slice(0, 3)).toMatchObject([
      { type: 'stream' },
      { type: 'planned', renditions: [planned] },
      { type: 'rendition' },
    ]);
  });

  test('and planned otherwise are told at once', () => {
    const story = new Story();
    story.playTo(6000);
    expect(story.broadcast.messages.some(({ type }) => type === 'planned')).toBe(false);
    story.broadcast.packager.planRungs([planned]);
    story.broadcast.packager.planRungs([]);
    expect(story.broadcast.messages.slice(-2)).toMatchObject([{ renditions: [planned] }, { renditions: [] }]);
  });
});

describe('a rung that is given up', () => {
  function removed(windowMs: number): Story {
    const story = new Story({ ...regular, seconds: 60 }, {}, { windowMs });
    story.playTo(9000);
    story.broadcast.packager.removeRung('360p');
    return story;
  }

  test('ends its segment, as a broken one, and goes on with gaps when the source lists a segment', () => {
    const story = removed(600_000);
    story.playTo(16_000);
    const segments = story.broadcast.segments('360p');
    expectInStep(story.broadcast, '360p');
    expect(gapsOf(segments)).toEqual([5, 6, 7]);
    expect(segments.map(({ parts }) => parts.length > 0)).toEqual([true, true, true, true, true, false, false]);
    for (const [index, { startTicks, durationTicks }] of segments.entries()) {
      expect(segments[index + 1]?.startTicks ?? startTicks + durationTicks).toBe(startTicks + durationTicks);
    }
    expect(story.repairs.skippedFrames).toBeGreaterThan(100);
  });

  test('is no longer to be offered', () => {
    const story = removed(600_000);
    expect(story.broadcast.rendition('360p').description).toMatchObject({ isWithdrawn: true });
  });

  test('is gone when nobody who knows its playlist can still ask for the last of its media', () => {
    const story = removed(12_000);
    const lastMedia = story.broadcast.segments('360p').at(-1)!.msn;
    const lists = () => story.broadcast.segments('360p').some(({ msn }) => msn === lastMedia);
    let playedMs = 9100;
    for (; lists(); playedMs += 100) story.playTo(playedMs);
    // It was listed for about the longest playlist's duration, and is owed for its own and that: two target durations more are ample.
    story.playTo(playedMs + 5900);
    expect(story.broadcast.rendition('360p').find(lastMedia)!.parts.length).toBeGreaterThan(0);
    story.playTo(playedMs + 9000);
    expect(story.broadcast.packager.rungNames).toEqual([]);
    expect([...story.broadcast.windows.find('st_1')!.renditions.keys()]).toEqual(['source', 'audio']);
    const gone = story.broadcast.messages.filter(({ type }) => type === 'rendition-gone');
    expect(gone).toEqual([{ type: 'rendition-gone', streamId: 'st_1', rendition: '360p' }]);
  });

  test('and gone comes back with init segments that have never been', () => {
    const story = removed(12_000);
    story.playTo(34_000);
    story.rung.reconfigure(rungConfig(360, 0x15));
    story.broadcast.packager.addRung('360p');
    story.playTo(42_000);
    const segments = story.end();
    expectInStep(story.broadcast, '360p');
    expect(gapsOf(segments)).toEqual([17]);
    expect([...story.broadcast.rendition('360p').descriptions.keys()]).toEqual([18]);
    expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
  });

  test('and taken up again goes on in its playlist, and is offered again', () => {
    const story = removed(600_000);
    story.playTo(13_000);
    story.broadcast.packager.addRung('360p');
    expect(story.broadcast.rendition('360p').description.isWithdrawn).toBe(true);
    story.playTo(16_000);
    const segments = story.end();
    expectInStep(story.broadcast, '360p');
    expect(gapsOf(segments)).toEqual([5, 6, 7]);
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
