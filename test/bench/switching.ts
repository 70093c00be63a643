import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { StreamWatch } from '../support/checker/stream-watch.ts';
import { startLadderedServer } from '../support/laddered-server.ts';
import { BrowserPlayers, type Engine } from '../support/players/browser-players.ts';
import { ThrottledPlay } from '../support/players/throttled-play.ts';
import type { TestServer } from '../support/server.ts';
import { distributionOf } from './percentiles.ts';
import type { Report } from './report.ts';

/** Who switches: the product's own page, or a player as its package comes. */
export const switchingPlayers = ['watch-page', 'hls.js', 'shaka-hls', 'shaka-dash', 'dash.js'] as const;
export type SwitchingPlayer = (typeof switchingPlayers)[number];

export interface SwitchingOptions {
  readonly players: readonly SwitchingPlayer[];
  /** Each is one fall of the bandwidth and one rise. */
  readonly rounds: number;
  /** Whether a strict outsider reads everything beside the players: it takes a fifth of a core. */
  readonly isChecked: boolean;
  /** Whether all play at once, each behind a network of its own: sooner done, but their times are not each their own. */
  readonly areTogether: boolean;
}

const channel = 'switching';
/** For the watch page: the figures of the product's promise. Players as they come do not climb to what takes 70 % of the network. */
const wideBps = { 'watch-page': 5_000_000, others: 30_000_000 };
const narrowBps = 1_000_000;
/** How long it stays as it is when the quality has changed. */
const holdMs = 6000;
const patienceMs = 60_000;
const lower = ['480p', '360p'];

const engines: Readonly<Record<Exclude<SwitchingPlayer, 'watch-page'>, readonly [Engine, 'hls' | 'dash']>> = {
  'hls.js': ['hls.js', 'hls'],
  'shaka-hls': ['shaka', 'hls'],
  'shaka-dash': ['shaka', 'dash'],
  'dash.js': ['dash.js', 'dash'],
};

interface Round {
  /** To the first request of a lower rendition: its playlist. */
  readonly downMs: number | undefined;
  /** To the first request of its media. */
  readonly downMediaMs: number | undefined;
  readonly upMs: number | undefined;
  /** Which rendition was asked for next, and when, from the fall on: `480p +767 360p +1800 …`. */
  readonly path: string;
}

/** Real players between 5 (or 30) and 1 Mbit/s: how soon they ask for a lower quality and for the best again, and what viewers notice. */
export async function benchSwitching(options: SwitchingOptions, report: Report, signal: AbortSignal): Promise<void> {
  const { server, stop } = await startLadderedServer(channel);
  const browser = await BrowserPlayers.launch();
  const { hls, ts, dash } = server.playback(channel);
  const watch = options.isChecked ? new StreamWatch({ playlistUrls: [hls, ts], mpdUrl: dash }) : undefined;
  await watch?.start();
  const rows: Row[] = [];
  const measure = async (player: SwitchingPlayer) => {
    const play = await ThrottledPlay.of(await open(browser, server, player));
    rows.push(await measureSwitching(play, player, options.rounds, report, signal));
    await play.close();
  };
  try {
    if (options.areTogether) await Promise.all(options.players.map(measure));
    else for (const player of options.players) await measure(player);
    await watch?.probe();
    const found = await watch?.stop();
    if (found !== undefined) report.line({ outsider: found });
  } finally {
    await browser.close();
    await stop();
  }
  report.table([columns, ...rows]);
}

type Row = (string | number)[];

const columns: Row = [
  ...['player', 'rounds', 'down p50 ms', 'down p95 ms', 'media p95 ms', 'up p50 ms', 'up p95 ms', 'rebuffered %'],
  ...['errors', 'load'],
];

async function measureSwitching(
  play: ThrottledPlay,
  player: SwitchingPlayer,
  count: number,
  report: Report,
  signal: AbortSignal,
): Promise<Row> {
  const rounds: Round[] = [];
  const wide = player === 'watch-page' ? wideBps['watch-page'] : wideBps.others;
  await play.throttle(wide);
  await atTop(play, signal);
  const before = await play.report();
  for (let round = 1; round <= count; round++) {
    rounds.push(await oneRound(play, wide, signal));
    const { downMs, downMediaMs, upMs, path } = rounds.at(-1)!;
    const down = `down ${downMs?.toFixed(0)} ms (media ${downMediaMs?.toFixed(0)} ms)`;
    report.progress(`${player} ${round}/${count}: ${down}, up ${upMs?.toFixed(0)} ms: ${path}`);
  }
  const after = await play.report();
  const stalledSeconds = after.stallSeconds - before.stallSeconds;
  const playedSeconds = after.playedSeconds - before.playedSeconds;
  const down = distributionOf(rounds.flatMap(({ downMs }) => downMs ?? []));
  const media = distributionOf(rounds.flatMap(({ downMediaMs }) => downMediaMs ?? []));
  const up = distributionOf(rounds.flatMap(({ upMs }) => upMs ?? []));
  const rebufferRatio = stalledSeconds / (stalledSeconds + playedSeconds);
  const load = loadavg()[0]!;
  report.line({
    ...{ player, rounds: rounds.length, down_ms: down, down_media_ms: media, up_ms: up },
    ...{ switches: play.switches.length - 1, start_ms: after.startupMs },
    ...{ stalls: after.stalls - before.stalls, stalled_s: stalledSeconds, rebuffer_ratio: rebufferRatio },
    ...{ latency_s: after.latencySeconds, errors: after.errors, skips: after.skips - before.skips },
    ...{ failed_requests: after.failedRequests.length, load },
  });
  const ms = (value: number | undefined) => (value === undefined ? '-' : Math.round(value));
  const times = [down?.p50, down?.p95, media?.p95, up?.p50, up?.p95].map(ms);
  return [player, rounds.length, ...times, (rebufferRatio * 100).toFixed(2), after.errors.length, load.toFixed(1)];
}

async function open(players: BrowserPlayers, server: TestServer, player: SwitchingPlayer) {
  const { watch, ...urls } = server.playback(channel);
  if (player === 'watch-page') return players.watch(watch);
  const [engine, protocol] = engines[player];
  return players.start(engine, urls[protocol]);
}

/** Waits until nothing but the best quality has been asked for during `holdMs`; false when that takes too long. */
async function atTop(play: ThrottledPlay, signal: AbortSignal): Promise<boolean> {
  for (const untilMs = performance.now() + patienceMs; performance.now() < untilMs; ) {
    await delay(250, undefined, { signal });
    const sinceMs = performance.now() - holdMs;
    const recent = play.requests.filter(({ atMs, isMedia }) => isMedia && atMs > sinceMs);
    if (recent.length > 1 && recent.every(({ rendition }) => rendition === 'source')) return true;
  }
  return false;
}

/** One fall and one rise; undefined where the player did not follow in time. */
async function oneRound(play: ThrottledPlay, wide: number, signal: AbortSignal): Promise<Round> {
  const isAtTop = await atTop(play, signal);
  const fellAtMs = await play.throttle(narrowBps);
  const mediaAtMs = isAtTop ? await play.asksFor(lower, fellAtMs, patienceMs).catch(() => undefined) : undefined;
  const down = play.requests.find(({ atMs, rendition }) => atMs >= fellAtMs && lower.includes(rendition));
  await delay(holdMs, undefined, { signal });
  const roseAtMs = await play.throttle(wide);
  const upAtMs = await play.asksFor(['source'], roseAtMs, patienceMs).catch(() => undefined);
  return {
    downMs: mediaAtMs === undefined || down === undefined ? undefined : down.atMs - fellAtMs,
    downMediaMs: mediaAtMs === undefined ? undefined : mediaAtMs - fellAtMs,
    upMs: upAtMs === undefined ? undefined : upAtMs - roseAtMs,
    path: `${pathOf(play, fellAtMs, roseAtMs)}${await shownLatency(play)}`,
  };
}

/** How far behind live the watch page says it is. */
async function shownLatency(play: ThrottledPlay): Promise<string> {
  const text = await play.page.evaluate(() => document.querySelector('#latency')?.textContent ?? '');
  return text === '' ? '' : `, ${text} behind live`;
}

function pathOf(play: ThrottledPlay, fellAtMs: number, roseAtMs: number): string {
  const media = play.requests.filter(({ isMedia, atMs }) => isMedia && atMs >= fellAtMs);
  const turns = media.filter(({ rendition }, index) => rendition !== media[index - 1]?.rendition);
  const steps = turns.map(({ rendition, atMs }) => `${rendition} +${Math.round(atMs - fellAtMs)}`);
  return `${steps.join(' ')} (wide again +${Math.round(roseAtMs - fellAtMs)})`;
}
