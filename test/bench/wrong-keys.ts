import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { randomBase32 } from '../../src/contract/names.ts';
import { run } from '../support/child.ts';
import { benchClip } from './clip.ts';
import { attempt, KeyGuesser } from './key-guesser.ts';
import type { FrameAges } from './latency.ts';
import { watchBeside } from './mixed.ts';
import type { Peer } from './peers/peer.ts';
import { startStreamctl } from './peers/streamctl.ts';
import type { Report } from './report.ts';
import type { WatchedFigures } from './watched-load.ts';
import { sampleWithoutTail, welchT } from './welch.ts';

export interface WrongKeysOptions {
  readonly attemptsPerSecond: number;
  readonly viewers: number;
  readonly seconds: number;
}

type Watched = readonly [WatchedFigures, FrameAges];

/**
 * What good traffic notices of somebody who tries keys: viewers' playlists and the age of a probe's frames, before and meanwhile; and
 * whether the time of a refusal tells what was wrong.
 */
export async function benchWrongKeys(options: WrongKeysOptions, report: Report, signal: AbortSignal): Promise<void> {
  const clipFile = await benchClip();
  const peer = await startStreamctl({ ladder: { mode: 'off' } }, signal);
  try {
    const { seconds, viewers, attemptsPerSecond } = options;
    // Each time other channels: what ended a moment ago is still listed under its name.
    const watch = (firstChannel: number) =>
      watchBeside(peer, clipFile, { publishers: firstChannel, viewers, seconds }, signal);
    report.progress(`${viewers} viewers and one publisher, ${seconds} s …`);
    const before = await watch(0);
    report.progress(`the same, and ${attemptsPerSecond} wrong keys a second …`);
    const guesser = new KeyGuesser({ port: rtmpPort(peer), attemptsPerSecond });
    const meanwhile = await watch(2);
    const guesses = await guesser.stop();
    tell(before, meanwhile, guesses.attempts, report);
    const log = refusalsIn(readFileSync(peer.logFile, 'utf8'));
    report.line({ ...options, guesses, log });
    report.progress(
      `${guesses.attempts} wrong keys: ${guesses.answered} refused in words after p50 ${guesses.answer_ms?.p50} ms, ` +
        `p99 ${guesses.answer_ms?.p99} ms, ${guesses.unanswered} without; ${log.lines} log lines for ${log.refusals} refusals`,
    );
    await benchRefusalTimes(peer, report, signal);
  } finally {
    await peer.stop();
  }
}

function tell(before: Watched, meanwhile: Watched, attempts: number, report: Report): void {
  const [calm, calmFrames] = before;
  const [busy, busyFrames] = meanwhile;
  const figures = [
    ['playlist p50 ms', calm.playlist_ms?.p50, busy.playlist_ms?.p50],
    ['playlist p99 ms', calm.playlist_ms?.p99, busy.playlist_ms?.p99],
    ['frame age p50 ms', calmFrames.ages()?.p50, busyFrames.ages()?.p50],
    ['frame age p99 ms', calmFrames.ages()?.p99, busyFrames.ages()?.p99],
  ] as const;
  const ratioOf = (was = Number.NaN, is = Number.NaN) => Math.round((100 * is) / was) / 100;
  report.line({
    attempts,
    before: calm,
    meanwhile: busy,
    ratios: figures.map(([name, a, b]) => [name, ratioOf(a, b)]),
  });
  report.table([
    ['', 'before', 'meanwhile', 'ratio'],
    ...figures.map(([name, a, b]) => [name, a ?? '', b ?? '', ratioOf(a, b)]),
    ['stalls', calm.stalls, busy.stalls, ''],
    ['missing frames', calmFrames.missing(), busyFrames.missing(), ''],
    ['% core of the server', calm.core_percent, busy.core_percent, ratioOf(calm.core_percent, busy.core_percent)],
  ]);
}

/** How many lines tell of how many refusals. */
function refusalsIn(log: string): { lines: number; refusals: number } {
  const counts = log
    .split('\n')
    .filter((line) => line.includes('publisher refused'))
    .map((line) => (JSON.parse(line) as { count: number }).count);
  return { lines: counts.length, refusals: counts.reduce((sum, count) => sum + count, 0) };
}

const attemptsPerKind = 2000;

/** Refusals of a key whose id exists, of one whose id does not, and of one of which the first half is right, in turns. */
async function benchRefusalTimes(peer: Peer, report: Report, signal: AbortSignal): Promise<void> {
  report.progress(`the time of refusals, ${attemptsPerKind} of each kind …`);
  const main = resolve(import.meta.dirname, '../../src/main.ts');
  const dataDir = dirname(peer.databaseFile!);
  const made = await run(process.execPath, [main, 'keys', 'create', 'guessed', '--json', '--data-dir', dataDir]);
  const { key } = JSON.parse(made.stdout) as { key: string };
  const kinds: Readonly<Record<string, () => string>> = {
    'id unknown': () => `sk_${randomBase32(10)}_${randomBase32(32)}`,
    'id known': () => `${key.slice(0, 14)}${randomBase32(32)}`,
    'half of the secret right': () => `${key.slice(0, 30)}${randomBase32(16)}`,
  };
  const timesMs = new Map(Object.keys(kinds).map((name) => [name, [] as number[]]));
  for (let round = 0; round < attemptsPerKind; round++) {
    for (const [name, make] of Object.entries(kinds).toSorted(() => Math.random() - 0.5)) {
      signal.throwIfAborted();
      // From addresses that nobody else has, so that no answer is held back.
      const localAddress = `127.${1 + (round >> 14)}.${(round >> 7) & 127}.${1 + (round & 127)}`;
      const timeMs = await attempt(rtmpPort(peer), make(), localAddress);
      if (timeMs !== undefined) timesMs.get(name)!.push(timeMs);
    }
  }
  const samples = [...timesMs].map(([name, values]) => ({ name, sample: sampleWithoutTail(values, 0.1) }));
  const [reference] = samples;
  const rows = samples.map(({ name, sample }) => {
    const t = Math.round(welchT(sample, reference!.sample) * 100) / 100;
    report.line({ refusal: name, count: sample.count, mean_us: Math.round(sample.mean * 1000), t });
    return [name, sample.count, Math.round(sample.mean * 1000), t];
  });
  report.table([['refused because', 'counted', 'mean µs', 't (|t| < 4.5: alike)'], ...rows]);
}

function rtmpPort(peer: Peer): number {
  return Number(new URL(peer.publishUrl(0)).port);
}
