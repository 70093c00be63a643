import { expect, test } from 'vitest';
import { identifyLocal } from '../../src/access/identity.ts';
import type { ApiOptions } from '../../src/api/app.ts';
import type { StreamMetrics } from '../../src/contract/live-metrics.ts';
import { type StreamAnalyticsView, streamAnalyticsView } from '../../src/contract/stream-analytics.ts';
import { SecondRing } from '../../src/live/second-ring.ts';
import type { MinuteRow } from '../../src/store/ports/minute-store.ts';
import { apiUnderTest } from '../support/api.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { someEvent, someSession, someStream } from '../support/rows.ts';

const minuteMs = 60_000;
const nowMs = Date.UTC(2026, 10, 23, 20);
const startedAtMs = nowMs - 30 * minuteMs;

function minute(atMs: number, members: Partial<MinuteRow> = {}): MinuteRow {
  return {
    ...{ streamId: 'st_1', atMs, viewers: 2, viewersPeak: 3, bitrateInBps: 1e6, bitrateOutBps: 2e6, fps: 30 },
    ...{ frames: 1800, droppedFrames: 0, latencyP50Ms: 100, latencyP95Ms: 200, rebufferRatio: 0.01, ...members },
  };
}

const unknown = { p50: null, p95: null };
const running: StreamMetrics = {
  ...{ stream_id: 'st_1', channel: 'show', state: 'ACTIVE', started_at: null, interrupted_since: null, viewers: 4 },
  ...{ bitrate_out_bps: 5e6, ingest: null, latency_ms: { part: unknown, listed: unknown, delivered: unknown } },
  ...{ ladder: null, renditions: [], health: 'good', warnings: [] },
  qoe: { sessions: 4, startup_ms: unknown, rebuffer_ratio: 0, latency_ms: unknown, bitrate_bps: unknown },
};

/** A broadcast of half an hour that ended, with what is kept of it. */
async function endedBroadcast(members: Partial<ApiOptions> = {}) {
  const clock = new ManualClock(nowMs);
  const rig = await apiUnderTest(identifyLocal, clock, members);
  const { store } = rig;
  const times = { createdAtMs: startedAtMs - 1000, startedAtMs, endedAtMs: nowMs - 10 * minuteMs };
  const stream = someStream({ id: 'st_1', channel: 'show', state: 'ENDED_GRACEFULLY', ...times });
  await store.streams.create(stream, someEvent({ streamId: 'st_1' }));
  await store.minutes.save([minute(startedAtMs), minute(startedAtMs + minuteMs, { viewersPeak: 7 })]);
  const ended = (id: string, endedAtMs: number, more: object) =>
    someSession({ id, streamId: 'st_1', startedAtMs, seenAtMs: endedAtMs, endedAtMs, watchMs: 90_000, ...more });
  await store.sessions.save([
    ended('a', startedAtMs + 5 * minuteMs, {
      startupMs: 400,
      stallMs: 10_000,
      stalls: 2,
      country: 'FR',
      player: 'VLC',
    }),
    ended('b', startedAtMs + 15 * minuteMs, { startupMs: 600, latencyMs: 2500 }),
    ended('c', startedAtMs + 15 * minuteMs, { startupMs: 9, startupSource: 'msd', qualities: [], errors: 1 }),
  ]);
  const show = async (query = ''): Promise<StreamAnalyticsView> => {
    const { status, body } = await rig.call('GET', `/metrics/show${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return streamAnalyticsView.parse(body);
  };
  return { ...rig, clock, show };
}

test('of a broadcast that has ended all of it is told: minutes, and what its viewers experienced', async () => {
  const { show } = await endedBroadcast();
  const view = await show();
  expect(view).toMatchObject({
    range: { from: new Date(startedAtMs).toISOString() },
    now: { viewers: 0, health: null, qoe: { sessions: 0 } },
    viewers: { now: 0, peak: 7 },
    qoe: {
      ...{ sessions: 3, watch_ms: 270_000, stalls: 2, errors: 1 },
      startup_ms: { p50: 600, p95: 600 },
      startup_by_source: [
        { source: 'beacon', sessions: 2, p50: 600, p95: 600 },
        { source: 'msd', sessions: 1, p50: 9, p95: 9 },
      ],
      rebuffer_ratio: 0.0357,
      latency_ms: { p50: 1500, p95: 2500 },
      bitrate: { p50: 88_888, p95: 88_888 },
    },
  });
  expect(view.series).toMatchObject({ resolution: '1m', points: [{ viewers_peak: 3 }, { rebuffer_ratio: 0.01 }] });
  const all = { viewers: 0, watch_ms: 180_000, rebuffer_ratio: 0 };
  expect(view.qualities).toEqual([
    { ...all, name: '720p', sessions: 2, rebuffer_ratio: 0.0526 },
    { ...all, name: '', sessions: 1, watch_ms: 90_000 },
  ]);
  expect(view.by_player).toEqual([
    { ...all, player: 'Chrome', sessions: 2 },
    { ...all, player: 'VLC', sessions: 1, watch_ms: 90_000, rebuffer_ratio: 0.1 },
  ]);
  expect(view.by_country.map(({ country, sessions }) => [country, sessions])).toEqual([
    ['DE', 2],
    ['FR', 1],
  ]);
});

test('of viewers of whom nothing is known stalls are null, and the share is of the others', async () => {
  const { show, store } = await endedBroadcast();
  const endedAtMs = startedAtMs + 5 * minuteMs;
  const unknown = { streamId: 'st_1', startedAtMs, endedAtMs, watchMs: 900_000, stalls: null, stallMs: null };
  await store.sessions.save([someSession({ id: 'v', player: 'AVPlayer', ...unknown })]);
  const view = await show();
  expect(view.qoe).toMatchObject({ sessions: 4, watch_ms: 1_170_000, stalls: 2, rebuffer_ratio: 0.0357 });
  const native = { player: 'AVPlayer', viewers: 0, sessions: 1, watch_ms: 900_000, rebuffer_ratio: null };
  expect(view.by_player).toContainEqual(native);
  await store.sessions.remove(['a', 'b', 'c']);
  expect((await show()).qoe).toMatchObject({ sessions: 1, stalls: null, rebuffer_ratio: null });
});

test('a session counts in the time in which it ended', async () => {
  const { show } = await endedBroadcast();
  const from = encodeURIComponent(new Date(startedAtMs).toISOString());
  const to = encodeURIComponent(new Date(startedAtMs + 10 * minuteMs).toISOString());
  const early = await show(`?from=${from}&to=${to}`);
  expect(early.qoe).toMatchObject({ sessions: 1, startup_ms: { p50: 400, p95: 400 } });
  expect(early.by_country).toMatchObject([{ country: 'FR', sessions: 1 }]);
  const late = await show(`?from=${to}&resolution=1h`);
  expect(late.qoe.sessions).toBe(2);
  // The hour that it began in counts whole.
  expect(late.series).toMatchObject({ resolution: '1h', points: [{ frames: 3600 }] });
  expect((await show(`?from=${to}&to=${from}`)).qoe).toMatchObject({
    sessions: 0,
    startup_ms: { p50: null, p95: null },
  });
});

test('of a broadcast that runs seconds are told, and its viewers now beside those of the last five minutes', async () => {
  const seconds = new SecondRing();
  seconds.add({ ...minute(nowMs - 2000), viewers: 4 });
  const { show, store } = await endedBroadcast({
    figures: {
      stream: () => running,
      seconds: (_, ...span) => seconds.between(...span),
      minuteSoFar: () => minute(nowMs),
      players: () => [{ name: 'Chrome', viewers: 4 }],
      countries: () => [
        { name: 'SE', viewers: 3 },
        { name: 'DE', viewers: 1 },
      ],
    },
    audience: { qualities: () => [{ name: '720p', viewers: 4 }] } as never,
  });
  const watches = { streamId: 'st_1', seenAtMs: nowMs - 1000, startupMs: 250, startedAtMs: nowMs - 9000 };
  await store.sessions.save([someSession({ id: 'd', ...watches })]);
  const view = await show();
  expect(view.series).toMatchObject({ resolution: '1s', points: [{ viewers_peak: 4 }] });
  expect(view).toMatchObject({ viewers: { now: 4, peak: 4 }, now: { viewers: 4 } });
  expect(view.qoe).toMatchObject({ sessions: 1, startup_ms: { p50: 250, p95: 250 } });
  expect(view.qualities).toMatchObject([{ name: '720p', viewers: 4, sessions: 1 }]);
  expect(view.by_country).toMatchObject([
    { country: 'SE', viewers: 3, sessions: 0, rebuffer_ratio: null },
    { country: 'DE', viewers: 1, sessions: 1 },
  ]);
  const minutes = await show('?resolution=1m');
  expect(minutes.series.points).toHaveLength(3);
  expect(minutes.qoe.sessions).toBe(4);
});

test('who keeps the history is asked about the time that is meant', async () => {
  const asked: number[] = [];
  const { show, store } = await endedBroadcast({
    historyOf: ({ fromMs }) => {
      asked.push(fromMs);
      return store.sessions;
    },
  });
  expect((await show()).qoe.sessions).toBe(3);
  expect(asked).toEqual([startedAtMs]);
});

test('a broadcast that nobody knows is refused', async () => {
  const { call } = await endedBroadcast();
  expect((await call('GET', '/metrics/nobody')).body).toMatchObject({ code: 'STREAM_UNKNOWN' });
  expect((await call('GET', '/metrics/show?resolution=1d')).status).toBe(400);
});
