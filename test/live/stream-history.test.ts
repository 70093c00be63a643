import { expect, test } from 'vitest';
import type { StreamMetrics } from '../../src/contract/live-metrics.ts';
import { StreamHistory } from '../../src/live/stream-history.ts';
import type { MinuteRow } from '../../src/store/ports/minute-store.ts';
import { streamMetricsOf } from '../support/live-metrics.ts';

const beginMs = Date.UTC(2026, 10, 23, 10);
const { ingest } = streamMetricsOf('show');

function withFrames(frames: number, members: Partial<StreamMetrics> = {}): StreamMetrics {
  return streamMetricsOf('show', { ingest: { ...ingest!, frames, dropped_frames: 0 }, ...members });
}

/** Looks at the given seconds, 30 frames in each; gives the minutes that were over. */
function minutesOf(history: StreamHistory, seconds: readonly number[]): MinuteRow[] {
  return seconds.flatMap((second, index) => history.add(beginMs + second * 1000, withFrames(30 * index)) ?? []);
}

function secondsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

test('of a stream that nobody looked at there is no minute', () => {
  const history = new StreamHistory('st_a');
  expect(history.minuteSoFar()).toBeUndefined();
  expect(history.takeMinute()).toBeUndefined();
});

test('a minute is over with the first second of the next, and holds all between', () => {
  const history = new StreamHistory('st_a');
  expect(minutesOf(history, secondsFrom(0, 60))).toEqual([]);
  expect(history.minuteSoFar()).toMatchObject({ atMs: beginMs, frames: 59 * 30 });
  const row = history.add(beginMs + 60_000, withFrames(60 * 30));
  expect(row).toMatchObject({ streamId: 'st_a', atMs: beginMs, frames: 59 * 30, viewers: 12, fps: 29.97 });
  expect(history.minuteSoFar()).toMatchObject({ atMs: beginMs + 60_000, frames: 30 });
});

test('a broadcast that begins in the midst of a minute has a row of that minute', () => {
  const rows = minutesOf(new StreamHistory('st_a'), secondsFrom(58, 4));
  expect(rows).toMatchObject([{ atMs: beginMs, frames: 30 }]);
});

test('minutes in which nobody looked have no row', () => {
  const rows = minutesOf(new StreamHistory('st_a'), [0, 1, 200, 201, 260]);
  expect(rows.map(({ atMs }) => (atMs - beginMs) / 60_000)).toEqual([0, 3]);
});

test('a clock that is put back over the beginning of a minute tells no minute twice', () => {
  const history = new StreamHistory('st_a');
  const rows = minutesOf(history, [...secondsFrom(0, 61), 59.5, 60.5, ...secondsFrom(61, 60)]);
  expect(rows.map(({ atMs }) => (atMs - beginMs) / 60_000)).toEqual([0, 1]);
  // Two looks more than seconds: nothing of them is lost.
  expect(rows.map(({ frames }) => frames)).toEqual([59 * 30, 62 * 30]);
});

test('a clock that is put back by an hour begins with the minute that it shows', () => {
  const history = new StreamHistory('st_a');
  const rows = minutesOf(history, [0, 1, -3600, -3599]);
  expect(rows).toMatchObject([{ atMs: beginMs }]);
  expect(history.minuteSoFar()).toMatchObject({ atMs: beginMs - 3_600_000 });
});

test('another publisher counts from zero, and none at all counts nothing', () => {
  const history = new StreamHistory('st_a');
  history.add(beginMs, withFrames(1000));
  history.add(beginMs + 1000, withFrames(1030));
  history.add(beginMs + 2000, streamMetricsOf('show', { ingest: null }));
  history.add(beginMs + 3000, withFrames(20));
  history.add(beginMs + 4000, withFrames(50));
  const seconds = history.seconds.between(0, Number.MAX_SAFE_INTEGER, 9);
  expect(seconds.map(({ frames }) => frames)).toEqual([0, 30, 0, 20, 30]);
});
