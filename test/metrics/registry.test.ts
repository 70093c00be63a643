import { expect, test } from 'vitest';
import { ExperienceTotals } from '../../src/analytics/experience-totals.ts';
import { playerName } from '../../src/analytics/player-name.ts';
import { PostedState } from '../../src/analytics/player-state.ts';
import { ViewerSession } from '../../src/analytics/viewer-session.ts';
import { TimeHistogram } from '../../src/base/time-histogram.ts';
import { allMetrics, metricsRegistry } from '../../src/metrics/registry.ts';
import type { Engine } from '../../src/threads/engine.ts';
import { quietSources } from '../support/metric-sources.ts';

const engine = { media: { restarts: 0 }, delivery: { restarts: 0, figures: [] } } as unknown as Engine;

async function seriesOf(experience: ExperienceTotals): Promise<string[]> {
  const text = await metricsRegistry({ ...quietSources(engine), experience: () => experience.figures() }).metrics();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('names have units, counters end in _total, and every metric says what it is', () => {
  for (const { name, type, help } of allMetrics) {
    expect(name).toMatch(/^streamctl_[a-z0-9_]+$/);
    expect(help, name).toMatch(/^[A-Z0-9].*\.$/);
    if (type === 'counter') expect(name).toMatch(/_total$/);
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    if (type === 'gauge') expect(name).not.toMatch(/_total$/);
  }
  expect(new Set(allMetrics.map(({ name }) => name)).size).toBe(allMetrics.length);
});

test('ten thousand viewers with session ids, players and addresses of their own make no series each', async () => {
  const totals = new ExperienceTotals();
  const before = (await seriesOf(totals)).length;
  for (let number = 0; number < 10_000; number++) {
    const random = Math.random().toString(36);
    const player = number % 2 === 0 ? playerName(`Mozilla/5.0 ${random}`) : `evil${random} 1.0`;
    const network = `203.0.${number % 256}.0/24`;
    const viewer = { network, country: 'ZZ', player };
    const session = new ViewerSession({ id: random, key: `s ${random}`, viewer, startedAtMs: 0 }, 0);
    session.started(700, number % 3 === 0 ? 'beacon' : 'est');
    totals.count(session, { watchMs: 0, stallMs: 0 });
  }
  const series = await seriesOf(totals);
  expect(series.length).toBeGreaterThan(before);
  // Two sources of one player, each with its buckets, sum and count.
  expect(series.length - before).toBeLessThanOrEqual(2 * 20);
  expect(series.join('\n')).not.toMatch(/evil|203\.0/);
});

test('a histogram is told as Prometheus adds it up: each bucket with those below it', async () => {
  const seconds = new TimeHistogram([0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.add(value);
  const store = () => ({ ...quietSources(engine).store(), writeSeconds: seconds.figures() });
  const text = await metricsRegistry({ ...quietSources(engine), store }).metrics();
  const lines = text.split('\n').filter((line) => line.startsWith('streamctl_store_write_seconds'));
  expect(lines.map((line) => line.replace('streamctl_store_write_seconds', ''))).toEqual([
    ...['_bucket{le="0.1"} 2', '_bucket{le="1"} 3', '_bucket{le="+Inf"} 4', '_sum 7.65', '_count 4'],
  ]);
});

test('what a session takes back is not counted twice, and changes of quality have a direction', () => {
  const totals = new ExperienceTotals();
  const sums = { watchMs: 0, stallMs: 0 };
  const viewer = { network: '', country: 'ZZ', player: 'VLC' };
  const session = new ViewerSession({ id: 'a', key: 's a', viewer, startedAtMs: 0 }, 0);
  session.posted = new PostedState();
  session.posted.hasPageTotals = true;
  for (const [watchedMs, rendition, atMs] of [
    [5000, '720p', 1],
    [4000, '360p', 2],
    [6000, 'source', 3],
  ] as const) {
    session.watchedMs = watchedMs;
    session.showed(rendition, atMs, '');
    totals.count(session, sums);
    totals.count(session, sums);
  }
  expect(sums).toEqual({ watchMs: 6000, stallMs: 0 });
  expect(totals.figures()).toMatchObject({ watchSeconds: 6, switchesUp: 1, switchesDown: 1 });
});

test('what is watched by viewers of whose stalls nothing is known is told apart, and nothing of it twice', async () => {
  const totals = new ExperienceTotals();
  const viewer = { network: '', country: 'ZZ', player: 'VLC' };
  const session = new ViewerSession({ id: 'a', key: 's a', viewer, startedAtMs: 0 }, 0);
  const stream = { watchMs: 0, stallMs: 0 };
  session.watchedMs = 5000;
  totals.count(session, stream);
  totals.count(session, stream);
  session.posted = new PostedState();
  session.posted.hasPageTotals = true;
  session.watchedMs = 8000;
  session.stalledMs = 1000;
  totals.count(session, stream);
  const told = (await seriesOf(totals)).filter((line) => line.startsWith('streamctl_viewer_watch_seconds_total'));
  expect(told).toEqual([
    'streamctl_viewer_watch_seconds_total{stalls="known"} 3',
    'streamctl_viewer_watch_seconds_total{stalls="unknown"} 5',
  ]);
  expect(stream).toEqual({ watchMs: 3000, stallMs: 1000 });
});
