import { expect, test } from 'vitest';
import type { FeedMessage } from '../../src/stream/feed.ts';
import type { StreamWindow } from '../../src/stream/window.ts';
import { snapshotOf } from '../../src/stream/window-snapshot.ts';
import { Windows } from '../../src/stream/windows.ts';
import { Feeder } from '../delivery/feeder.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** Windows whose clock and memory are their own. */
function rig() {
  const clock = new ManualClock();
  const held: Uint8Array[] = [];
  const windows = new Windows(clock, {
    retain: (bytes) => void held.push(bytes),
    release: (bytes) => void held.splice(held.indexOf(bytes), 1),
  });
  return { clock, windows, held };
}

/** What a player can be told of a window. */
function contentOf(window: StreamWindow) {
  return [...window.renditions.values()].map((rendition) => ({
    description: rendition.description,
    inits: [...rendition.descriptions.keys()].sort(),
    listed: rendition.segments,
    kept: rendition.removed.map(({ segment }) => segment),
    bitrates: rendition.bitrates.totals,
  }));
}

test('a window begun with the snapshot of another holds the same, goes on alike and lets go at the same time', () => {
  const first = rig();
  const second = rig();
  second.clock.advance(1_000_000);
  const readers = [first.windows];
  const feeder = new Feeder((message: FeedMessage) => {
    for (const windows of readers) windows.apply(message);
  });
  const video = feeder.video();
  const audio = feeder.audio();
  feeder.plan('720p', '480p');
  for (let count = 0; count < 9; count++) {
    video.segment({ partBytes: 500 + 100 * count });
    audio.segment();
    first.clock.advance(1000);
  }
  video.describe(2);
  video.gap(2000);
  feeder.interrupt();
  video.open();
  video.part();
  const window = first.windows.find('show')!;
  expect(window.renditions.get('source')!.removed.length).toBeGreaterThan(1);

  const restored = second.windows.restore(snapshotOf(window, first.clock.monotonicMs()));
  readers.push(second.windows);
  expect(second.windows.find('st1')).toBe(restored);
  const { stream, planned } = window;
  expect(planned.map(({ name }) => name)).toEqual(['720p', '480p']);
  expect(restored).toMatchObject({ stream, planned, isInterrupted: true, isEnded: false });
  expect(contentOf(restored)).toEqual(contentOf(window));
  expect(second.held.length).toBe(first.held.length);

  for (let count = 0; count < 3; count++) {
    video.part();
    video.close();
    for (const { clock } of [first, second]) clock.advance(1500);
    video.open();
    video.part({ partBytes: 4000 });
    expect(window.renditions.get('source')!.segments.at(-2)!.parts.length).toBe(2);
    expect(contentOf(restored)).toEqual(contentOf(window));
    expect(second.held.length).toBe(first.held.length);
  }
  second.windows.remove('st1');
  expect(second.held).toEqual([]);
});

test('a snapshot is taken in place of what was known of the stream, and nothing of that stays in memory', () => {
  const { windows, held } = rig();
  const feeder = new Feeder((message) => windows.apply(message));
  feeder.video().segment();
  const snapshot = structuredClone(snapshotOf(windows.find('st1')!, 0));
  windows.restore(snapshot);
  expect(held.length).toBe(4);
  expect(snapshot.renditions[0]!.segments[0]!.parts.map(({ bytes }) => bytes)).toEqual(held);
  windows.remove('st1');
  expect(held).toEqual([]);
  expect(windows.find('show')).toBeUndefined();
});

test('what is planned is known from the newest plan alone, and of a stream that is known', () => {
  const { windows } = rig();
  const feeder = new Feeder((message) => windows.apply(message));
  const planned = () => windows.find('st1')?.planned.map(({ name }) => name);
  expect(planned()).toEqual([]);
  feeder.plan('720p', '480p');
  feeder.plan('360p', '480p');
  expect(planned()).toEqual(['360p', '480p']);
  // Whoever makes the stream may be another than before: what was planned holds until it says otherwise.
  feeder.apply({ type: 'stream', stream: windows.find('st1')!.stream });
  expect(planned()).toEqual(['360p', '480p']);
  feeder.plan();
  expect(planned()).toEqual([]);
  windows.remove('st1');
  feeder.plan('720p');
  expect(windows.find('st1')).toBeUndefined();
});

test('of a rendition that is gone nothing stays', () => {
  const { windows, held } = rig();
  const feeder = new Feeder((message) => windows.apply(message));
  const rung = feeder.rung('480p');
  rung.segment();
  rung.open();
  rung.part();
  const window = windows.find('st1')!.renditions.get('480p')!;
  expect([held.length, window.hasMedia, window.isGone]).toEqual([5, true, false]);
  rung.gone();
  expect([held.length, window.isGone, windows.find('st1')!.renditions.size]).toEqual([0, true, 0]);
});
