import { expect, test } from 'vitest';
import { DurationHistogram } from '../../src/base/duration-histogram.ts';
import { LatencyWindow } from '../../src/live/latency-window.ts';

const nothing = { p50: null, p95: null };

/** Counts of a place that only grow. */
class Place {
  private readonly histogram = new DurationHistogram();

  /** All so far, after `count` more of this length. */
  with(count: number, ms: number): Uint32Array {
    for (let added = 0; added < count; added++) this.histogram.add(ms);
    return this.histogram.counts.slice();
  }
}

/** To at most 9 %, as the histogram has it. */
function about(ms: number) {
  return expect.toSatisfy((value: number) => value >= ms && value <= ms * 1.1, `about ${ms}`);
}

test('of nothing nothing is known', () => {
  const window = new LatencyWindow();
  expect(window.percentiles()).toEqual(nothing);
  window.advance();
  window.take('media', new Place().with(0, 0));
  expect(window.percentiles()).toEqual(nothing);
});

test('one duration is both percentiles', () => {
  const window = new LatencyWindow();
  window.advance();
  window.take('media', new Place().with(1, 200));
  expect(window.percentiles()).toEqual({ p50: about(200), p95: about(200) });
});

test('each look adds what is new, not what was there', () => {
  const window = new LatencyWindow();
  const place = new Place();
  window.advance();
  window.take('media', place.with(10, 100));
  for (let second = 0; second < 5; second++) {
    window.advance();
    window.take('media', place.with(0, 0));
  }
  window.advance();
  // Ten of either: half of them are long only if the first ten were counted once.
  window.take('media', place.with(10, 4000));
  expect(window.percentiles()).toEqual({ p50: about(100), p95: about(4000) });
});

test('a minute later it has forgotten, and not ten seconds before', () => {
  const window = new LatencyWindow();
  const place = new Place();
  window.advance();
  window.take('media', place.with(5, 300));
  for (let second = 1; second < 50; second++) {
    window.advance();
    window.take('media', place.with(0, 0));
    expect(window.percentiles()).toEqual({ p50: about(300), p95: about(300) });
  }
  for (let second = 50; second <= 60; second++) window.advance();
  expect(window.percentiles()).toEqual(nothing);
});

test('it goes on for hours: the ring of its slots closes', () => {
  const window = new LatencyWindow();
  const place = new Place();
  for (let second = 0; second < 2 * 3600; second++) {
    window.advance();
    window.take('media', place.with(1, second < 3600 ? 5000 : 50));
  }
  expect(window.percentiles()).toEqual({ p50: about(50), p95: about(50) });
});

test('several places are one window, each counted from where it stood', () => {
  const window = new LatencyWindow();
  window.advance();
  window.take('0', new Place().with(94, 100));
  window.take('1', new Place().with(6, 1000));
  expect(window.percentiles()).toEqual({ p50: about(100), p95: about(1000) });
});

test('a place that begins anew is taken as it is, and then goes on', () => {
  const window = new LatencyWindow();
  window.advance();
  window.take('0', new Place().with(100, 100));
  const anew = new Place();
  window.advance();
  window.take('0', anew.with(3, 2000));
  window.advance();
  window.take('0', anew.with(100, 2000));
  // 100 short and 103 long ones, each once.
  expect(window.percentiles()).toEqual({ p50: about(2000), p95: about(2000) });
  window.advance();
  window.take('0', anew.with(0, 0));
  expect(window.percentiles().p50).toEqual(about(2000));
});

test('what it was told may be written over by who told it', () => {
  const window = new LatencyWindow();
  const counts = new Place().with(4, 100);
  window.advance();
  window.take('0', counts);
  counts.fill(0);
  expect(window.percentiles()).toEqual({ p50: about(100), p95: about(100) });
});
