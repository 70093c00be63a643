import { expect, test } from 'vitest';
import { PrometheusFigures, PrometheusSpan } from './prometheus-figures.ts';

const text = (count: number) => `# HELP streamctl_part_seconds How long.
# TYPE streamctl_part_seconds histogram
streamctl_part_seconds_bucket{le="0.5",format="ll"} ${count}
streamctl_part_seconds_bucket{le="5",format="ll"} ${count + 8}
streamctl_part_seconds_sum{format="ll"} ${count * 2.5}
streamctl_part_seconds_count{format="ll"} ${count + 10}
streamctl_part_seconds_count{format="hls"} 1
streamctl_requests_total{class="part",code="503"} ${count}
streamctl_requests_total{class="part",code="200"} 5
streamctl_publishers 2e3
`;

test('series are added up by the labels that are asked for', () => {
  const figures = new PrometheusFigures(text(4));
  expect(figures.sum('publishers')).toBe(2000);
  expect(figures.sum('part_seconds_count')).toBe(15);
  expect(figures.sum('part_seconds_count', 'format="hls"')).toBe(1);
  expect(figures.sum('requests_total', 'code="5', 'class="part"')).toBe(4);
  expect(figures.sum('unknown')).toBe(0);
});

test('a span tells what was added, its mean, and how much of it was in time', () => {
  const span = new PrometheusSpan(new PrometheusFigures(text(10)), new PrometheusFigures(text(30)));
  expect(span.increase('requests_total')).toBe(20);
  expect(span.meanMs('part_seconds', 'format="ll"')).toBe(2500);
  expect(span.shareWithin('part_seconds', 5, 'format="ll"')).toBe(1);
});

test('nothing that was added has no mean and no share', () => {
  const figures = new PrometheusFigures(text(10));
  const span = new PrometheusSpan(figures, figures);
  expect([span.meanMs('part_seconds'), span.shareWithin('part_seconds', 5)]).toEqual([Number.NaN, Number.NaN]);
});
