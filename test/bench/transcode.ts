import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { irregularBenchClip } from './clip.ts';
import type { EncoderWatch } from './encoder-watch.ts';
import { PublisherProcess } from './publisher-process.ts';
import type { Report } from './report.ts';
import { encodingSpeed } from './transcode-speed.ts';
import {
  type BroadcastFigures,
  type LadderRung,
  logOf,
  startTranscoder,
  thousandths,
  watchBroadcast,
  withheldBy,
} from './transcoded-broadcast.ts';

export interface TranscodeOptions {
  readonly seconds: number;
  /** ffmpeg is killed at a random moment, and stopped at another. */
  readonly withFaults: boolean;
}

const rung480: LadderRung = { name: '480p', height: 480, video_bitrate: '1400k', fps: 30 };
const rung360: LadderRung = { name: '360p', height: 360, video_bitrate: '800k', fps: 30 };
/** Share of all cores that the configuration leaves to encoders by default. */
const cpuBudgetRatio = 0.8;
const costSeconds = 15;
const holdSeconds = 20;
/** A rung that is further behind than this is not being held. */
const heldLagMs = 500;
const recoveryTimeoutMs = 15_000;

/**
 * A broadcast of 720p30 with B-frames and irregular keyframes through the whole server, transcoded and watched: what the rungs cost,
 * how far they are behind the source, whether they are cut at the same frames, and how many such broadcasts there can be. With
 * faults: what viewers notice of an ffmpeg that dies, and of one that hangs.
 */
export async function benchTranscode(options: TranscodeOptions, report: Report, signal: AbortSignal): Promise<void> {
  const clipFile = await irregularBenchClip();
  if (options.withFaults) {
    await benchFaults(clipFile, options.seconds, report, signal);
    return;
  }
  report.progress(`360p alone: ${costSeconds} s …`);
  const alone = await measured([rung360], clipFile, costSeconds, signal);
  report.progress(`480p and 360p: ${options.seconds} s …`);
  const both = await measured([rung480, rung360], clipFile, options.seconds, signal);
  const speed = await encodingSpeed(clipFile, [rung480, rung360]);
  report.line({ ladder: '480p 360p', ...both, encoder_cores_360p_alone: alone.encoder_cores, speed, ...load() });
  tellRungs(both, report);
  report.table([
    ['what', 'cores'],
    ['decoding and 360p', alone.encoder_cores],
    ['480p besides', thousandths(both.encoder_cores - alone.encoder_cores)],
    ['both', both.encoder_cores],
    ['the server', both.server_cores],
  ]);
  report.progress(`as fast as it can: ${speed} × real time; load average ${load().load_average}`);
  for (const [rungs, cores] of [
    [[rung360], alone.encoder_cores],
    [[rung480, rung360], both.encoder_cores],
  ] as const) {
    const fitting = Math.max(1, Math.floor((availableParallelism() * cpuBudgetRatio) / cores));
    await hold(rungs, fitting, clipFile, report, signal);
  }
}

async function measured(rungs: readonly LadderRung[], clipFile: string, seconds: number, signal: AbortSignal) {
  const server = await startTranscoder(rungs, signal);
  try {
    return await watchBroadcast(server, clipFile, rungs, seconds, signal);
  } finally {
    await server.stop();
  }
}

/** As many broadcasts at once as should fit, and one less until they do. */
async function hold(
  rungs: readonly LadderRung[],
  fitting: number,
  clipFile: string,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const ladder = rungs.map(({ name }) => name).join(' ');
  for (let broadcasts = fitting; broadcasts > 0; broadcasts--) {
    report.progress(`${broadcasts} broadcasts with ${ladder}: ${holdSeconds} s …`);
    const server = await startTranscoder(rungs, signal);
    const urls = Array.from({ length: broadcasts - 1 }, (_, index) => server.publishUrl(index + 1));
    const others = new PublisherProcess({ clipFile, urls, chunkSizeBytes: 4096, staggerMs: 500 });
    try {
      await others.untilLive(urls.length, AbortSignal.any([signal, AbortSignal.timeout(30_000)]));
      const figures = await watchBroadcast(server, clipFile, rungs, holdSeconds, signal);
      const withheld = withheldBy(server);
      const troubles = Object.values(figures.troubles).reduce((sum, count) => sum + count, 0);
      const worst = worstOf(figures);
      const isHeld = withheld.length === 0 && troubles === 0 && worst.gaps === 0 && worst.lagMs < heldLagMs;
      report.line({ ladder, broadcasts, held: isHeld, withheld, ...figures, ...load() });
      report.table([
        ['ladder', 'broadcasts', 'held', 'encoder cores', 'server cores', 'lag p95 ms', 'gaps', 'withheld', 'troubles'],
        [
          ...[ladder, broadcasts, isHeld ? 'yes' : 'no', figures.encoder_cores, figures.server_cores],
          ...[worst.lagMs, worst.gaps, withheld.length, troubles],
        ],
      ]);
      if (isHeld) return;
    } catch (error) {
      signal.throwIfAborted();
      report.progress(`${broadcasts} broadcasts with ${ladder}: ${(error as Error).message}`);
    } finally {
      await others.stop().catch(() => undefined);
      await server.stop();
    }
  }
}

async function benchFaults(clipFile: string, seconds: number, report: Report, signal: AbortSignal): Promise<void> {
  const rungs = [rung480, rung360];
  const server = await startTranscoder(rungs, signal);
  const told: { fault: string; at_seconds: number; noticed_after_ms: number; frames_again_after_ms: number }[] = [];
  const between = (from: number, to: number) => seconds * (from + Math.random() * (to - from));
  const plan = [
    { fault: 'SIGKILL', atSeconds: between(0.15, 0.45) },
    { fault: 'SIGSTOP', atSeconds: between(0.6, 0.8) },
  ] as const;
  const disturb = async (encoders: EncoderWatch) => {
    const beganMs = performance.now();
    for (const { fault, atSeconds } of plan) {
      await delay(beganMs + atSeconds * 1000 - performance.now(), undefined, { signal });
      const [pid] = encoders.pids();
      if (pid === undefined) throw new Error('no ffmpeg runs');
      const atWallMs = Date.now();
      process.kill(pid, fault);
      const again = await saidAfter(server, 'transcoding: recovered', atWallMs, signal);
      const noticed = await saidAfter(server, 'transcoding: failed', atWallMs, signal);
      told.push({
        fault,
        at_seconds: Math.round(atSeconds * 10) / 10,
        noticed_after_ms: noticed,
        frames_again_after_ms: again,
      });
    }
  };
  try {
    report.progress(`480p and 360p, ffmpeg killed and stopped: ${seconds} s …`);
    const figures = await watchBroadcast(server, clipFile, rungs, seconds, signal, disturb);
    report.line({ ladder: '480p 360p', faults: told, ...figures, ...load() });
    tellRungs(figures, report);
    report.table([
      ['fault', 'at s', 'noticed after ms', 'frames again after ms'],
      ...told.map((one) => [one.fault, one.at_seconds, one.noticed_after_ms, one.frames_again_after_ms]),
    ]);
    report.progress(`load average ${load().load_average}`);
  } finally {
    await server.stop();
  }
}

/** Milliseconds from `sinceWallMs` until the server said so. */
async function saidAfter(
  server: Parameters<typeof logOf>[0],
  sentence: string,
  sinceWallMs: number,
  signal: AbortSignal,
): Promise<number> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(recoveryTimeoutMs)]);
  for (;;) {
    const line = logOf(server).find(({ msg, time }) => msg === sentence && Date.parse(time ?? '') >= sinceWallMs);
    if (line !== undefined) return Date.parse(line.time ?? '') - sinceWallMs;
    await delay(50, undefined, { signal: patience });
  }
}

function tellRungs({ rungs, troubles }: BroadcastFigures, report: Report): void {
  report.progress(`troubles: ${JSON.stringify(troubles)}`);
  report.table([
    [
      'rung',
      'lag p50 ms',
      'p95',
      'max',
      'age p50 ms',
      'p95',
      'max',
      'frames',
      'missing',
      'segments',
      'same start',
      'same count',
      'gaps',
      'discontinuities',
    ],
    ...Object.entries(rungs).map(([name, { lag_ms: lag, age_ms: age, ...rest }]) => [
      ...[name, lag?.p50 ?? '', lag?.p95 ?? '', lag?.max ?? '', age?.p50 ?? '', age?.p95 ?? '', age?.max ?? ''],
      ...[rest.frames, rest.missing, rest.segments, rest.same_start, rest.same_frames, rest.gaps, rest.discontinuities],
    ]),
  ]);
}

function worstOf({ rungs }: BroadcastFigures): { lagMs: number; gaps: number } {
  const figures = Object.values(rungs);
  return {
    lagMs: Math.max(...figures.map(({ lag_ms: lag }) => lag?.p95 ?? Number.POSITIVE_INFINITY)),
    gaps: figures.reduce((sum, { gaps, missing }) => sum + gaps + missing, 0),
  };
}

/** Over the last minute. */
function load(): { load_average: number } {
  return { load_average: Math.round((loadavg()[0] ?? 0) * 100) / 100 };
}
