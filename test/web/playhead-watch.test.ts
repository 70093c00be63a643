import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PlayheadWatch, type PlaylistEnd } from '../../src/web/watch/playhead-watch.ts';

/** A media element as far as it is looked at. */
class FakeVideo {
  currentTime = 0;
  paused = false;
  ended = false;
  seeking = false;
  ranges: [start: number, end: number][] = [];

  get buffered(): TimeRanges {
    return {
      length: this.ranges.length,
      start: (index) => this.ranges[index]?.[0] ?? Number.NaN,
      end: (index) => this.ranges[index]?.[1] ?? Number.NaN,
    };
  }
}

let video: FakeVideo;
let list: PlaylistEnd | null;
let playedOut: number;
let watch: PlayheadWatch;

beforeEach(() => {
  vi.useFakeTimers();
  video = new FakeVideo();
  list = { live: true, edge: 12 };
  playedOut = 0;
  watch = new PlayheadWatch(
    video,
    () => list,
    () => playedOut++,
  );
});

afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

function standAt(currentTime: number, ...ranges: [start: number, end: number][]): void {
  video.currentTime = currentTime;
  video.ranges = ranges;
  vi.advanceTimersByTime(3000);
}

test('a playhead that stands at the end of an ended playlist has played it out', () => {
  list = { live: false, edge: 12.454 };
  standAt(12.357, [2, 5.4], [9.4, 12.441]);
  expect(playedOut).toBeGreaterThan(0);
});

test('while the playlist goes on, or is not known, it waits', () => {
  standAt(11.9, [2, 12]);
  list = null;
  vi.advanceTimersByTime(2000);
  expect(playedOut).toBe(0);
});

test('who stands far from the end, or comes on, is let be', () => {
  list = { live: false, edge: 12.4 };
  standAt(10, [2, 10.1]);
  for (let step = 0; step < 20; step++) {
    video.currentTime = 11.95 + step / 100;
    vi.advanceTimersByTime(500);
  }
  expect(playedOut).toBe(0);
});

test('a pause at the end is the viewer’s own', () => {
  list = { live: false, edge: 12.4 };
  video.paused = true;
  standAt(12.3, [2, 12.4]);
  expect(playedOut).toBe(0);
});

test.each([true, false])('out of a range too short to be shown it goes on behind the gap (seeking: %s)', (seeking) => {
  video.seeking = seeking;
  standAt(4.111, [1.451, 3.968], [4.011, 4.266], [8.06, 26.06]);
  expect(video.currentTime).toBeGreaterThan(8.06);
  expect(video.currentTime).toBeLessThan(8.2);
});

test('it does not jump while there is enough to show, while more comes, or where nothing is behind', () => {
  standAt(4.1, [4, 6], [8, 9]);
  expect(video.currentTime).toBe(4.1);
  for (let step = 0; step < 10; step++) {
    video.ranges = [
      [4, 4.2 + step / 100],
      [8, 9],
    ];
    vi.advanceTimersByTime(500);
  }
  expect(video.currentTime).toBe(4.1);
  standAt(4.1, [4, 4.2]);
  expect(video.currentTime).toBe(4.1);
});

test('a viewer who sought back waits for what is loaded there', () => {
  video.seeking = true;
  standAt(3, [4, 6], [8, 9]);
  expect(video.currentTime).toBe(3);
});
