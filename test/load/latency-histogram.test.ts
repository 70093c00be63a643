import { expect, test } from 'vitest';
import { LatencyHistogram } from '../../src/load/latency-histogram.ts';
import { distributionOf } from '../bench/percentiles.ts';

const measured = Array.from({ length: 5000 }, (_, index) => 0.02 * 1.003 ** index);

test('percentiles are at most one bucket above the exact ones, and never below', () => {
  const histogram = new LatencyHistogram();
  for (const ms of measured) histogram.add(ms);
  const exact = distributionOf(measured)!;
  const counted = histogram.distribution()!;
  expect(counted.count).toBe(exact.count);
  expect(counted.max).toBe(exact.max);
  for (const name of ['p50', 'p95', 'p99'] as const) {
    expect(counted[name]).toBeGreaterThanOrEqual(exact[name] * 0.999_999);
    expect(counted[name]).toBeLessThanOrEqual(exact[name] * 1.0101);
  }
});

test('histograms of several processes together say what one would have said', () => {
  const whole = new LatencyHistogram();
  const halves = [new LatencyHistogram(), new LatencyHistogram()];
  for (const [index, ms] of measured.entries()) {
    whole.add(ms);
    halves[index % 2]!.add(ms);
  }
  const merged = new LatencyHistogram();
  for (const half of halves) merged.merge(structuredClone({ counts: half.counts, maxMs: half.maxMs }));
  expect(merged.distribution()).toEqual(whole.distribution());
});

test('a histogram without measurements, new or cleared, has no percentiles', () => {
  const histogram = new LatencyHistogram();
  expect(histogram.distribution()).toBeUndefined();
  histogram.add(3);
  expect(histogram.distribution()).toEqual({ count: 1, p50: 3, p95: 3, p99: 3, max: 3 });
  histogram.clear();
  expect(histogram.distribution()).toBeUndefined();
});
