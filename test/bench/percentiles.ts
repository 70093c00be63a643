import type { Distribution } from '../../src/load/latency-histogram.ts';

/** Nearest-rank percentiles: every figure is one that was measured. Undefined when nothing was. */
export function distributionOf(values: readonly number[]): Distribution | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const rank = (percent: number) => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
  return { count: sorted.length, p50: rank(50), p95: rank(95), p99: rank(99), max: rank(100) };
}

/** Rounded for a report: one decimal of a millisecond says all a shared machine can. */
export function rounded(distribution: Distribution): Distribution {
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    count: distribution.count,
    p50: round(distribution.p50),
    p95: round(distribution.p95),
    p99: round(distribution.p99),
    max: round(distribution.max),
  };
}
