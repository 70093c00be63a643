import { expect, test } from 'vitest';
import { RenditionTrace } from '../rendition-trace.ts';
import { PrometheusFigures, PrometheusSpan } from './prometheus-figures.ts';
import { type SloLedger, serviceLevels } from './service-levels.ts';
import { isLevelKept } from './verdict.ts';
import type { Visitor } from './visitor.ts';
import type { WatchedBroadcast } from './watched-broadcast.ts';

const frames = 500;
const frameMs = 40;

/** Twenty seconds of 25 frames a second in segments of two, four parts each; every part is here 10 ms after its last frame. */
function trace(lateMs: number, isSource: boolean): RenditionTrace {
  const made = new RenditionTrace('http://host/index.m3u8');
  for (let number = 0; number < frames; number++) {
    const partEndMs = (Math.floor(number / 10) * 10 + 9) * frameMs;
    const stamp = isSource ? number : undefined;
    made.frames.set(number * frameMs * 1000, { atMs: partEndMs + 10 + lateMs, msn: Math.floor(number / 50), stamp });
  }
  made.answers.push(...Array.from({ length: 100 }, () => ({ askedMs: 0, tookMs: 1, status: 200 })));
  return made;
}

/** What `/metrics` says of that, with some of it said otherwise. */
function told(otherwise: Readonly<Record<string, number>> = {}): PrometheusFigures {
  const said: Record<string, number> = {
    ...{ publisher_connected_seconds_total: 20, output_fresh_seconds_total: 20, http_requests_total: 1000 },
    ...{ probe_total: 2, probe_success_total: 2, 'ingest_frames_total{kind="video"}': frames },
    ...{ 'rung_frames_total{rung="240p"}': frames, 'viewer_watch_seconds_total{stalls="known"}': 19.9 },
    ...{ 'viewer_startup_seconds_count{source="beacon"}': 1, 'viewer_startup_seconds_sum{source="beacon"}': 0.1 },
    'viewer_startup_seconds_bucket{source="beacon",le="3"}': 1,
    ...{ 'glass_to_playlist_seconds_count{format="ll"}': 100, 'glass_to_playlist_seconds_sum{format="ll"}': 39 },
    ...{ 'glass_to_playlist_seconds_bucket{format="ll",le="5"}': 100, rung_skew_seconds_count: 8 },
    ...{ 'glass_to_playlist_seconds_count{format="hls"}': 16, 'glass_to_playlist_seconds_sum{format="hls"}': 32 },
    ...{ 'glass_to_playlist_seconds_bucket{format="hls",le="5"}': 16 },
    ...{ rung_skew_seconds_sum: 0.3, 'rung_skew_seconds_bucket{le="0.2"}': 8 },
    ...otherwise,
  };
  return new PrometheusFigures(
    Object.entries(said)
      .map(([name, value]) => `streamctl_${name} ${value}`)
      .join('\n'),
  );
}

function brokenIn(otherwise: Readonly<Record<string, number>>, visitor: Partial<Visitor> = {}): string[] {
  const span = new PrometheusSpan(new PrometheusFigures(''), told(otherwise));
  const broadcast = {
    ...{ channel: 'show', source: trace(0, true), rungs: new Map([['240p', trace(40, false)]]) },
    freshness: { freshMs: 20_000, staleMs: 0, connectedMs: 20_000 },
    publisher: {
      ...{ losses: 0, returns: 0, framesWithin: () => frames },
      sentAtMs: Array.from({ length: frames }, (_, number) => number * frameMs),
    },
  };
  const renditions = [broadcast.source, ...broadcast.rungs.values()];
  const watched = {
    channel: 'show',
    startupMs: 100,
    watchedMs: 19_900,
    stalledMs: 0,
    segments: 10,
    lateSegments: 0,
    errors: 0,
  };
  const ledger: SloLedger = {
    ...{ whole: span, quiet: span, withViewers: span, beganMs: 0, quietEndMs: 30_000, endMs: 30_000 },
    ...{ unharmed: ['show'], broadcasts: [{ ...broadcast, renditions } as unknown as WatchedBroadcast] },
    visitors: [{ ...watched, ...visitor } as unknown as Visitor],
  };
  return serviceLevels(ledger)
    .filter((level) => !isLevelKept(level))
    .map(({ name }) => name);
}

test('where what is told is what was seen, and all is well, every level is kept', () => {
  expect(brokenIn({})).toEqual([]);
});

test.each([
  ['output_fresh_seconds_total', 19, 'output fresh, s'],
  ['http_requests_total{code="503"}', 50, 'requests answered without 5xx'],
  ['rung_frames_total{rung="240p"}', 480, 'frames of 240p'],
  ['viewer_startup_seconds_count{source="beacon"}', 2, 'starts'],
  ['rung_skew_seconds_bucket{le="0.2"}', 7, 'rungs at most 200 ms apart'],
  ['publisher_interruptions_total', 1, 'interruptions'],
  ['viewer_events_dropped_total', 1, 'viewer events lost'],
])('%s of %d breaks the level "%s"', (name, value, level) => {
  expect(brokenIn({ [name]: value })).toContain(level);
});

test.each([
  [{ stalledMs: 300 }, 'stood still, share, where no publisher was hit'],
  [{ startupMs: 3100 }, 'start, p95 ms'],
  [{ lateSegments: 1 }, 'segments within 1 s'],
])('a viewer with %j breaks the level "%s"', (visitor, level) => {
  expect(brokenIn({}, visitor)).toContain(level);
});
