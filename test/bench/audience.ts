import type { LoadFigures } from '../../src/load/load-figures.ts';
import { until } from '../support/until.ts';
import { Backends, type BackendsWanted, type SessionSums } from './audience-backends.ts';
import { AudienceCrowd } from './audience-crowd.ts';
import { followStep, type PopulationStep, rightPercent, settleMs } from './audience-deviation.ts';
import type { AudienceLedger } from './audience-ledger.ts';
import { type AudienceFigures, brokenBounds, latencyOf, tellAudience } from './audience-report.ts';
import { AudienceServer, costOf, type ServerSample } from './audience-server.ts';
import { wallMs } from './audience-viewer.ts';
import type { Crowding } from './audience-visitors.ts';
import type { Report } from './report.ts';
import { startSmallBroadcast } from './small-broadcast.ts';

export interface AudienceOptions extends BackendsWanted {
  readonly viewers: number;
  /** How long all of them watch, steadily. */
  readonly seconds: number;
}

const arrivalsPerSecond = 1000;
const shortestRampMs = 3000;
/** How long a population stays as it is between two steps: the time to settle, and five seconds to look. */
const holdMs = settleMs + 5000;
const longestOutageMs = 60_000;
/** Silence, the time a session is held back before it goes to ClickHouse, and what all that takes. */
const keptWithinMs = 150_000;
const patienceMs = 30_000;
/** From where the broadcast was looked at before viewers came. */
const ownNetwork = '127.0.0.0/24';

/**
 * Whether the server counts right who watches, what that costs, and what happens without ClickHouse and Redis: viewers with real
 * sockets come and go by a script, and their own ledger is held against what the server says each second. Resolves with the bounds
 * that were broken.
 */
export async function benchAudience(options: AudienceOptions, report: Report, signal: AbortSignal): Promise<string[]> {
  const asOne = await measureAsOne(options, report, signal);
  const many = await measureMany(options, report, signal);
  const figures = {
    ...many,
    as_one_session: asOne,
    bytes_per_session: bytesPerSession(many.calm, asOne, options.viewers),
  };
  report.line({ ...options, ...figures });
  tellAudience(figures, report);
  const broken = brokenBounds(figures);
  for (const sentence of broken) report.progress(`BROKEN: ${sentence}`);
  return broken;
}

function bytesPerSession(many: CalmFigures, one: CalmFigures, sessions: number) {
  return {
    control_heap: Math.round((many.control_heap_bytes - one.control_heap_bytes) / sessions),
    rss: Math.round(((many.rss_mib - one.rss_mib) * 2 ** 20) / sessions),
  };
}

interface Stage {
  readonly server: AudienceServer;
  readonly crowd: AudienceCrowd;
}

/** Starts a server, a broadcast and viewers to be, and ends them after `work`. */
async function onStage<Result>(
  sections: Readonly<Record<string, unknown>>,
  crowding: Crowding,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const server = await AudienceServer.start(sections, signal);
  try {
    const broadcast = await startSmallBroadcast(server.peer, 0, signal);
    const crowd = new AudienceCrowd(broadcast.playlistUrl, 'bench0', crowding);
    try {
      server.watch();
      return await work({ server, crowd });
    } finally {
      await crowd.stop();
      await broadcast.stop();
    }
  } finally {
    await server.stop();
  }
}

/** The same requests, all of one session: what is left is what playback costs, and what speaks with ClickHouse and Redis. */
async function measureAsOne(options: AudienceOptions, report: Report, signal: AbortSignal) {
  const { viewers, seconds } = options;
  const backends = await Backends.start(options);
  report.progress(`${viewers} viewers that are one session …`);
  try {
    return await onStage(backends.sections, 'one', signal, async ({ server, crowd }) => {
      await crowd.reach(viewers, rampMsOf(viewers));
      await crowd.wait(settleMs / 2, signal);
      return await measureCalm(server, crowd, Math.min(20_000, seconds * 500), signal);
    });
  } finally {
    await backends.dispose();
  }
}

async function measureMany(options: AudienceOptions, report: Report, signal: AbortSignal) {
  const { viewers, seconds } = options;
  const backends = await Backends.start(options);
  try {
    return await onStage(backends.sections, 'many', signal, async ({ server, crowd }) => {
      const steps: PopulationStep[] = [];
      const step = async (to: number, during: () => Promise<unknown>, told = 0) => {
        const { population: from } = crowd;
        report.progress(`${from} → ${to} viewers …`);
        const beganAtMs = wallMs();
        await crowd.reach(to, rampMsOf(Math.abs(to - from)), told);
        const reachedAtMs = wallMs();
        await during();
        steps.push({ from, to, beganAtMs, reachedAtMs, untilMs: wallMs() });
      };
      const hold = () => crowd.wait(holdMs, signal);
      const some = Math.round(viewers * 0.4);
      const less = Math.round(viewers * 0.7);
      await step(some, hold);
      await step(viewers, hold);
      await step(less, hold, Math.round((viewers - less) * 0.4));
      let calm: CalmFigures | undefined;
      let outage: OutageFigures | undefined;
      await step(viewers, async () => {
        const endsAtMs = wallMs() + seconds * 1000;
        const calmMs = Math.min(20_000, seconds * 250);
        await crowd.wait(Math.min(settleMs / 2, seconds * 125), signal);
        calm = await measureCalm(server, crowd, calmMs, signal);
        if (!backends.isEmpty) outage = await withoutBackends(backends, server, crowd, options, report, signal);
        await crowd.wait(endsAtMs - wallMs(), signal);
      });
      const after = latencyOf(await crowd.take());
      await step(0, hold, Math.round(viewers * 0.2));
      const { ledger, reportsFailed } = await crowd.ledger();
      const { samples } = server;
      const followed = steps.map((one) => followStep(one, samples, (atMs) => ledger.watchingAt(atMs)));
      const kept = await keptSums(backends, ledger, report);
      const metrics = await server.metrics();
      return {
        visits: ledger.byKind(),
        steps: followed,
        calm: calm!,
        ...(outage && { outage }),
        playlist_after_ms: after,
        ...(kept && {
          clickhouse: kept,
          ledger: { sessions: ledger.visits.length, watchSeconds: ledger.watchSeconds },
        }),
        viewer_errors: (await crowd.take()).errors,
        reports_failed: reportsFailed,
        looks_missed: server.missed,
        events_dropped: sumOf(metrics, 'viewer_events_dropped_total'),
        sessions_dropped: sumOf(metrics, 'viewer_sessions_dropped_total'),
      } satisfies Omit<AudienceFigures, 'as_one_session' | 'bytes_per_session'>;
    });
  } finally {
    await backends.dispose();
  }
}

export interface CalmFigures extends ReturnType<typeof costOf> {
  readonly control_heap_bytes: number;
  readonly playlist_ms: ReturnType<typeof latencyOf>;
}

/** What the server uses, and viewers meet, while nothing happens. */
async function measureCalm(
  server: AudienceServer,
  crowd: AudienceCrowd,
  forMs: number,
  signal: AbortSignal,
): Promise<CalmFigures> {
  await crowd.take();
  const fromMs = wallMs();
  await crowd.wait(forMs, signal);
  const met: LoadFigures = await crowd.take();
  // A machine that is much too busy answers no look for seconds.
  const looks = await until('the server was looked at', () => atLeastTwo(server.between(fromMs, wallMs())), patienceMs);
  const control_heap_bytes = await server.controlHeapBytes();
  await crowd.take(); // what waited for that is nobody's figure
  return { playlist_ms: latencyOf(met), ...costOf(looks), control_heap_bytes };
}

function atLeastTwo(looks: readonly ServerSample[]): readonly ServerSample[] | undefined {
  return looks.length < 2 ? undefined : looks;
}

export interface OutageFigures {
  readonly seconds: number;
  readonly playlist_ms: ReturnType<typeof latencyOf>;
  readonly spooled_rows_most: number;
  /** From when Redis answered again until it had the count; undefined: it never had, or there is none. */
  readonly redis_right_after_seconds?: number;
  readonly warehouse_up_after_seconds?: number;
}

/** Half of the time ClickHouse and Redis are frozen, half of it they are dead. */
async function withoutBackends(
  backends: Backends,
  server: AudienceServer,
  crowd: AudienceCrowd,
  { seconds }: AudienceOptions,
  report: Report,
  signal: AbortSignal,
): Promise<OutageFigures> {
  const forMs = Math.min(longestOutageMs, seconds * 500);
  report.progress(`ClickHouse and Redis are away for ${forMs / 1000} s …`);
  const fromMs = wallMs();
  backends.freeze();
  await crowd.wait(forMs / 2, signal);
  await backends.kill();
  await crowd.wait(fromMs + forMs - wallMs(), signal);
  const met = await crowd.take();
  await backends.startAgain();
  const backAtMs = wallMs();
  const away = server.between(fromMs, backAtMs);
  return {
    seconds: (backAtMs - fromMs) / 1000,
    playlist_ms: latencyOf(met),
    spooled_rows_most: Math.max(0, ...away.map(({ spooledRows }) => spooledRows)),
    ...(backends.redis && { redis_right_after_seconds: await secondsUntil(() => isRedisRight(backends, crowd)) }),
    ...(backends.clickHouse && {
      warehouse_up_after_seconds: await secondsUntil(async () => server.samples.at(-1)?.isWarehouseUp === true),
    }),
  };
}

async function isRedisRight(backends: Backends, { population }: AudienceCrowd): Promise<boolean> {
  return (100 * Math.abs((await backends.viewersInRedis()) - population)) / population <= rightPercent;
}

/** Undefined: not within half a minute. */
async function secondsUntil(condition: () => Promise<boolean>): Promise<number | undefined> {
  const fromMs = performance.now();
  const isSo = await until('it is so', condition, patienceMs).catch(() => false);
  return isSo ? Math.round((performance.now() - fromMs) / 100) / 10 : undefined;
}

/** What ClickHouse has when all sessions have ended and nothing waits any more. */
async function keptSums(backends: Backends, ledger: AudienceLedger, report: Report): Promise<SessionSums | undefined> {
  if (backends.clickHouse === undefined) return undefined;
  report.progress('the last sessions end and go to ClickHouse …');
  const sums = () => backends.sessionSums(ownNetwork);
  const isThere = async () => ((await sums())?.sessions ?? 0) >= ledger.visits.length;
  await until('all sessions are kept', isThere, keptWithinMs).catch(() => undefined);
  return await sums();
}

function rampMsOf(change: number): number {
  return Math.max(shortestRampMs, (1000 * change) / arrivalsPerSecond);
}

function sumOf(metrics: ReadonlyMap<string, number>, name: string): number {
  let sum = 0;
  for (const [key, value] of metrics) if (key === name || key.startsWith(`${name}{`)) sum += value;
  return sum;
}
