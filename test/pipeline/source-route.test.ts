import { describe, expect, test } from 'vitest';
import { SourceRoute } from '../../src/pipeline/source-route.ts';
import { continuityOf } from '../../src/stream/window-continuity.ts';
import { Broadcast, play, samplesOf, sourceUnits, videoConfig } from '../packager/broadcast.ts';
import { begin } from '../packager/rung-story.ts';
import type { TranscodedBroadcast } from '../packager/transcoded.ts';
import { RoutedBroadcast } from './routed-broadcast.ts';

/** Held to the leading rung: the others have the same segments at the same times, each with a keyframe first. */
function expectInStep({ broadcast }: RoutedBroadcast): void {
  const [lead, follower] = ['720p', '360p'].map((name) => broadcast.segments(name));
  const placeOf = ({ msn, startTicks, isGap, isDiscontinuity, durationTicks }: (typeof lead & object)[number]) =>
    [msn, startTicks, isGap, isDiscontinuity, durationTicks].join();
  const isListed = ({ isComplete }: (typeof lead & object)[number]) => isComplete;
  expect(follower!.filter(isListed).map(placeOf)).toEqual(lead!.filter(isListed).map(placeOf));
  for (const { parts } of [...lead!, ...follower!])
    if (parts[0] !== undefined) expect(parts[0].isIndependent).toBe(true);
}

/** Where media begins anew, to a tenth of a second. */
function discontinuitiesMs(story: readonly string[]): number[] {
  return story.flatMap((entry) => (entry.startsWith('D') ? [Math.round(Number(entry.slice(2)) / 100) * 100] : []));
}

describe('a source with keyframes 8.3 s apart', () => {
  test('is replaced by a rung on a grid, from its first frame on', () => {
    const routed = new RoutedBroadcast();
    routed.attach();
    routed.play(0, 12_000);
    routed.broadcast.wait(100);
    expect([...routed.broadcast.windows.find('st_1')!.renditions.keys()]).toEqual(['720p', '360p', 'audio']);
    expect(routed.broadcast.windows.find('st_1')!.stream.targetDurationSeconds).toBe(2);
    expect(routed.story('720p')).toEqual(['0', '2000', '4000', '6000', '8000', '10000']);
    expectInStep(routed);
    expect(samplesOf(routed.broadcast, '720p').length).toBeGreaterThanOrEqual(360 - 2);
    expect(routed.warnings[0]).toContain(
      '720p, made here, in place of the source: its keyframes are more than 3 s apart',
    );
    expect(routed.broadcast.notices).toEqual([]);
  });

  test('is listed as soon as it is known to be one and the first segment is made', () => {
    const routed = new RoutedBroadcast();
    routed.attach();
    routed.play(0, 4000);
    const [listedMs] = routed.broadcast.listedMs.get('720p')!;
    expect(listedMs! - 10_000).toBeLessThan(3300);
  });

  test('has its sound in the same segments', () => {
    const routed = new RoutedBroadcast({ lagMs: 900 });
    routed.attach();
    routed.play(0, 12_000);
    routed.broadcast.wait(1000);
    const sound = routed.broadcast.segments('audio').filter(({ isComplete }) => isComplete);
    expect(sound.length).toBeGreaterThanOrEqual(4);
    for (const { durationTicks } of sound) expect(Math.abs(durationTicks / 44_100 - 2)).toBeLessThan(0.05);
    expect(routed.broadcast.packager.repairs).toMatchObject({ silentFrames: 0, droppedFrames: 0 });
  });

  test('is offered all the same where the budget allows nothing better', () => {
    const routed = new RoutedBroadcast({ leads: false });
    routed.attach();
    routed.play(0, 17_000);
    expect(routed.sourcesAfterAll).toBe(1);
    expect(routed.story('source').slice(0, 2)).toEqual(['0', '8333']);
    expect(routed.broadcast.windows.find('st_1')!.stream.targetDurationSeconds).toBe(10);
    expect(routed.broadcast.notices).toMatchObject([{ type: 'long-gop' }]);
  });

  test('is offered all the same where the rung does not come in time', () => {
    const routed = new RoutedBroadcast();
    routed.encoder.isDown = true;
    routed.attach();
    routed.play(0, 17_000);
    expect(routed.sourcesAfterAll).toBe(1);
    expect(routed.story('source').slice(0, 2)).toEqual(['0', '8333']);
    expect(routed.broadcast.listedMs.get('source')![0]! - 10_000).toBeLessThan(10_200);
  });

  test('loses nothing of it when the encoder is replaced at once', () => {
    const routed = new RoutedBroadcast();
    routed.attach();
    routed.play(0, 5500);
    routed.encoder.isDown = true;
    routed.play(5500, 6300);
    routed.encoder.restart();
    routed.play(6300, 12_000);
    routed.broadcast.wait(100);
    expect(routed.story('720p')).toEqual(['0', '2000', '4000', '6000', '8000', '10000']);
    expectInStep(routed);
  });

  test('goes on with gaps while no encoder works, and behind them with a keyframe that all rungs have', () => {
    const routed = new RoutedBroadcast({ lagMs: 400 });
    routed.attach();
    routed.play(0, 9000);
    routed.encoder.isDown = true;
    routed.play(9000, 15_000);
    routed.encoder.lose();
    routed.play(15_000, 22_000);
    const story = routed.story('720p');
    expect(story.filter((entry) => entry.includes('gap')).length).toBeGreaterThanOrEqual(2);
    const [back] = story.filter((entry) => entry.startsWith('D'));
    expect(Number(back!.slice(2)) % 2000).toBe(0);
    expect(Number(back!.slice(2))).toBeLessThanOrEqual(18_000);
    expectInStep(routed);
    const listed = routed.broadcast.listedMs.get('720p')!;
    for (const [index, ms] of listed.slice(1).entries()) expect(ms - listed[index]!).toBeLessThanOrEqual(3000);
  });
});

describe('the publisher of such a source', () => {
  test('returns after a moment behind a discontinuity, without a gap', async () => {
    const routed = new RoutedBroadcast({ lagMs: 700 });
    routed.attach();
    routed.play(0, 9000);
    routed.lose();
    await routed.wait(1000);
    routed.attach();
    routed.play(50_000, 56_000);
    await routed.wait(1000);
    const story = routed.story('720p');
    expect(story.some((entry) => entry.includes('gap'))).toBe(false);
    expect(discontinuitiesMs(story)).toEqual([10_000]);
    expectInStep(routed);
  });

  test('returns after a while behind gaps that end where it begins', async () => {
    const routed = new RoutedBroadcast({ lagMs: 700 });
    routed.attach();
    routed.play(0, 9000);
    routed.lose();
    await routed.wait(8500);
    routed.attach();
    routed.play(50_000, 56_000);
    await routed.wait(1000);
    const story = routed.story('720p');
    expect(story.filter((entry) => entry.includes('gap')).length).toBeGreaterThanOrEqual(3);
    expect(discontinuitiesMs(story)).toEqual([17_500]);
    expectInStep(routed);
  });

  test('may come back with short GOPs: what leads goes on leading', async () => {
    const routed = new RoutedBroadcast();
    routed.attach();
    routed.play(0, 9000);
    routed.lose();
    await routed.wait(1000);
    routed.attach();
    routed.play(50_000, 56_000, 30);
    expect(routed.obstacles).toBe(1);
    expect([...routed.broadcast.windows.find('st_1')!.renditions.keys()]).toEqual(['720p', '360p', 'audio']);
    expectInStep(routed);
  });
});

test('another packager, which knows only what is listed, lets the same rung lead', () => {
  const routed = new RoutedBroadcast();
  routed.attach();
  routed.play(0, 9000);
  const continuity = continuityOf(routed.broadcast.windows.find('st_1')!)!;
  const { packager } = new Broadcast({ continuity });
  expect(packager.lead?.name).toBe('720p');
  expect(packager.rungNames).toEqual(['360p']);
  const route = new SourceRoute({
    sink: packager,
    wishes: { segmentMs: 2000, maxGopMs: 10_000 },
    onObstacle: () => {},
    onLead: () => {},
    onSourceAfterAll: () => {},
  });
  expect(route.needsLead).toBe(true);
  expect(route.lead).toEqual({ name: '720p', heightPixels: 720 });
});

describe('a source that can be offered', () => {
  test('is packaged as though nothing had held it, and not listed later', () => {
    const routed = new RoutedBroadcast();
    routed.attach();
    routed.play(0, 12_000, 60);
    const direct = new Broadcast();
    play(direct, begin(direct as TranscodedBroadcast), sourceUnits({ fps: 30, gopFrames: 60, seconds: 12 }));
    for (const name of ['source', 'audio']) {
      expect(samplesOf(routed.broadcast, name)).toEqual(samplesOf(direct, name));
      expect(routed.broadcast.listedMs.get(name)).toEqual(direct.listedMs.get(name));
    }
    expect(routed.obstacles).toBe(0);
  });

  test('is what its first GOP says: later ones that are too long are cut, and warned of', () => {
    const routed = new RoutedBroadcast();
    routed.attach();
    routed.play(0, 4000, 60);
    routed.play(4000, 16_000, 250);
    expect(routed.obstacles).toBe(0);
    expect(routed.broadcast.packager.counters.forcedCuts).toBeGreaterThan(0);
    expect(new Set(routed.broadcast.notices.map(({ type }) => type))).toEqual(new Set(['forced-cut']));
  });

  test('that ends before its first GOP is complete is listed all the same', () => {
    const routed = new RoutedBroadcast();
    routed.attach();
    routed.play(0, 1500);
    routed.route.passThrough();
    routed.broadcast.packager.end();
    expect(samplesOf(routed.broadcast, 'source')).toHaveLength(45);
  });

  test('of which nothing is known when its publisher is lost begins anew with the next one', async () => {
    const routed = new RoutedBroadcast();
    routed.attach();
    routed.play(0, 1500, 60);
    routed.lose();
    await routed.wait(1000);
    routed.attach();
    routed.play(50_000, 56_000, 60);
    expect(routed.broadcast.segments('source')[0]).toMatchObject({ msn: 1, isDiscontinuity: false });
  });
});

test('a source that not everybody can play is replaced without waiting for its GOP', () => {
  const routed = new RoutedBroadcast();
  const config = { ...videoConfig, codec: 'hevc', codecString: 'hvc1.1.6.L93.B0' } as const;
  routed.attach(config);
  expect(routed.route.needsLead).toBe(false);
  routed.play(0, 100, 60);
  expect(routed.route.needsLead).toBe(true);
});
