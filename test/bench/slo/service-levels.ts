import { compareTraces } from '../compare-traces.ts';
import { distributionOf } from '../percentiles.ts';
import { listingDelays } from './listing-delays.ts';
import type { PrometheusSpan } from './prometheus-figures.ts';
import { exactly, type Level, nearly } from './verdict.ts';
import type { Visitor } from './visitor.ts';
import type { WatchedBroadcast } from './watched-broadcast.ts';

/** What a run of the soak leaves behind. */
export interface SloLedger {
  /** From the beginning to the end of all faults; to the end of the quiet time before them; to when all viewers were counted. */
  readonly whole: PrometheusSpan;
  readonly quiet: PrometheusSpan;
  readonly withViewers: PrometheusSpan;
  /** Monotonic. */
  readonly beganMs: number;
  readonly quietEndMs: number;
  readonly endMs: number;
  readonly broadcasts: readonly WatchedBroadcast[];
  /** Channels whose publisher nothing happened to. */
  readonly unharmed: readonly string[];
  readonly visitors: readonly Visitor[];
}

const glass = 'glass_to_playlist_seconds';
/** Means of times that are read on both sides of a socket and a poll of ours. */
const meansMayDifferMs = 100;

/** Every service level: what `/metrics` tells, what was seen from outside, and what is promised. */
export function serviceLevels(ledger: SloLedger): Level[] {
  return [
    ...availability(ledger),
    ...droppedFrames(ledger),
    ...startup(ledger),
    ...listing(ledger),
    ...rebuffering(ledger),
    ...continuity(ledger),
    ...analyticsLoss(ledger),
  ];
}

function availability({ whole, broadcasts, unharmed, visitors }: SloLedger): Level[] {
  const freshness = broadcasts.map((broadcast) => broadcast.freshness);
  const ofUnharmed = broadcasts.filter(({ channel }) => unharmed.includes(channel)).map((one) => one.freshness);
  const freshMs = (of: typeof freshness) => sum(of.map((one) => one.freshMs));
  const connectedMs = (of: typeof freshness) => sum(of.map((one) => one.connectedMs));
  const playlists = broadcasts.flatMap(({ renditions }) => renditions.flatMap(({ answers }) => answers));
  const segments = sum(visitors.map((visitor) => visitor.segments));
  const failed = playlists.filter(({ status }) => status >= 500).length + sum(visitors.map(({ errors }) => errors));
  const late = sum(visitors.map(({ lateSegments }) => lateSegments));
  const requests = whole.increase('http_requests_total');
  const probes = whole.increase('probe_total');
  return [
    nearly(
      'publishers connected, s',
      whole.increase('publisher_connected_seconds_total'),
      connectedMs(freshness) / 1000,
    ),
    nearly('output fresh, s', whole.increase('output_fresh_seconds_total'), freshMs(freshness) / 1000),
    {
      name: 'fresh of connected, where no publisher was hit',
      seen: freshMs(ofUnharmed) / connectedMs(ofUnharmed),
      least: 0.999,
    },
    {
      name: 'requests answered without 5xx',
      told: 1 - whole.increase('http_requests_total', 'code="5') / requests,
      seen: 1 - failed / (playlists.length + segments + failed),
      ...{ mayDiffer: 0.001, least: 0.999 },
    },
    { name: 'segments within 1 s', seen: 1 - late / segments, least: 0.999 },
    // A publisher that is connected and silent is not fresh, and no fault of the server's.
    {
      name: 'probes that found nothing wrong but silence',
      seen: (whole.increase('probe_success_total') + whole.increase('probe_failures_total', 'reason="stale"')) / probes,
      least: 0.95,
    },
  ];
}

function droppedFrames({ whole, broadcasts, beganMs, endMs }: SloLedger): Level[] {
  const through = sum(broadcasts.map(({ publisher }) => publisher.framesWithin(beganMs, endMs)));
  const rungs = broadcasts.flatMap(({ rungs: traces, source, publisher }) =>
    [...traces].flatMap(([rung, trace]) => {
      const { missing } = compareTraces(source, trace, publisher.sentAtMs, beganMs);
      const frames = [...trace.frames.values()].filter(({ atMs }) => atMs >= beganMs && atMs <= endMs).length;
      return [
        nearly(`frames of ${rung}`, whole.increase('rung_frames_total', `rung="${rung}"`), frames),
        { name: `pictures missing in ${rung}`, seen: missing / (missing + trace.frames.size), most: 0.05 },
      ];
    }),
  );
  const framesIn = whole.increase('ingest_frames_total', 'kind="video"');
  return [
    nearly('frames in', framesIn, through),
    ...rungs,
    { name: 'pictures not transcoded', seen: whole.increase('transcode_drop_frames_total') / framesIn, most: 0.05 },
  ];
}

function startup({ withViewers, visitors }: SloLedger): Level[] {
  const name = 'viewer_startup_seconds';
  const startups = visitors.flatMap(({ startupMs }) => startupMs ?? []);
  return [
    exactly('starts', withViewers.increase(`${name}_count`, 'source="beacon"'), startups.length),
    { name: 'start, mean ms', told: withViewers.meanMs(name, 'source="beacon"'), seen: mean(startups), mayDiffer: 1 },
    {
      name: 'starts within 3 s',
      told: withViewers.shareWithin(name, 3, 'source="beacon"'),
      seen: shareWithin(startups, 3000),
      ...{ mayDiffer: 0.02, least: 0.95 },
    },
    { name: 'start, p95 ms', seen: p95(startups), most: 3000 },
  ];
}

function listing({ whole, quiet, broadcasts, beganMs, quietEndMs, endMs }: SloLedger): Level[] {
  const delaysUntil = (toMs: number) => {
    const delays = broadcasts.map(({ source, rungs, publisher }) =>
      listingDelays({ source, rungs: [...rungs.values()], sentAtMs: publisher.sentAtMs, fromMs: beganMs, toMs }),
    );
    return {
      parts: delays.flatMap(({ partsMs }) => partsMs),
      segments: delays.flatMap(({ segmentsMs }) => segmentsMs),
      skews: delays.flatMap(({ skewsMs }) => skewsMs),
    };
  };
  const inQuiet = delaysUntil(quietEndMs);
  const all = delaysUntil(endMs);
  const level = (what: string, format: string, quietMs: readonly number[], allMs: readonly number[]): Level[] => [
    {
      name: `${what} to be had after, mean ms before the faults`,
      ...{ told: quiet.meanMs(glass, format), seen: mean(quietMs), mayDiffer: meansMayDifferMs },
    },
    {
      name: `${what} to be had within 5 s`,
      ...{ told: whole.shareWithin(glass, 5, format), seen: shareWithin(allMs, 5000), mayDiffer: 0.02, least: 0.95 },
    },
    { name: `${what} to be had after, p95 ms`, seen: p95(allMs), most: 5000 },
  ];
  return [
    ...level('parts', 'format="ll"', inQuiet.parts, all.parts),
    ...level('segments', 'format="hls"', inQuiet.segments, all.segments),
    {
      name: 'rungs apart, mean ms before the faults',
      ...{ told: quiet.meanMs('rung_skew_seconds'), seen: mean(inQuiet.skews), mayDiffer: meansMayDifferMs },
    },
    {
      name: 'rungs at most 200 ms apart',
      ...{ told: whole.shareWithin('rung_skew_seconds', 0.2), seen: shareWithin(all.skews, 200) },
      ...{ mayDiffer: 0.05, least: 0.95 },
    },
  ];
}

function rebuffering({ withViewers, visitors, unharmed }: SloLedger): Level[] {
  const ofUnharmed = visitors.filter(({ channel }) => unharmed.includes(channel));
  const watchedMs = (of: readonly Visitor[]) => sum(of.map((one) => one.watchedMs));
  const stalledMs = (of: readonly Visitor[]) => sum(of.map((one) => one.stalledMs));
  const stalled = stalledMs(ofUnharmed);
  return [
    nearly(
      'watched, s',
      withViewers.increase('viewer_watch_seconds_total', 'stalls="known"'),
      watchedMs(visitors) / 1000,
    ),
    nearly('stood still, s', withViewers.increase('viewer_rebuffer_seconds_total'), stalledMs(visitors) / 1000),
    {
      name: 'stood still, share, where no publisher was hit',
      ...{ seen: stalled / (watchedMs(ofUnharmed) + stalled), most: 0.01 },
    },
  ];
}

function continuity({ whole, broadcasts }: SloLedger): Level[] {
  const publishers = broadcasts.map(({ publisher }) => publisher);
  return [
    exactly(
      'interruptions',
      whole.increase('publisher_interruptions_total'),
      sum(publishers.map(({ losses }) => losses)),
    ),
    exactly('reconnects', whole.increase('publisher_reconnects_total'), sum(publishers.map(({ returns }) => returns))),
    exactly('takeovers', whole.increase('publisher_takeovers_total'), 0),
    exactly('broadcasts given up', whole.increase('publisher_grace_expired_total'), 0),
  ];
}

function analyticsLoss({ withViewers }: SloLedger): Level[] {
  return [
    { name: 'viewer events lost', seen: withViewers.increase('viewer_events_dropped_total'), most: 0 },
    { name: 'viewer sessions lost', seen: withViewers.increase('viewer_session_rows_lost_total'), most: 0 },
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function shareWithin(valuesMs: readonly number[], mostMs: number): number {
  return valuesMs.filter((value) => value <= mostMs).length / valuesMs.length;
}

function p95(values: readonly number[]): number {
  return distributionOf(values)?.p95 ?? Number.NaN;
}
