import { describe, expect, test } from 'vitest';
import type { Segment } from '../../src/stream/window.ts';
import { play, samplesOf, sourceUnits } from './broadcast.ts';
import {
  begin,
  expectContinuous,
  expectInStep,
  gapsOf,
  irregular,
  numbersOf,
  regular,
  Story,
  timesOf,
  transcoded,
} from './rung-story.ts';
import { rungConfig, TranscodedBroadcast } from './transcoded.ts';

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
