import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import * as z from 'zod';
import { type CostModel, referenceCosts, scaleCosts } from './cost-model.ts';
import { type EncodedRung, encoderOptions } from './encoder-options.ts';
import type { Ffmpeg } from './ffmpeg-lookup.ts';
import { firstComplaint, runFfmpeg } from './run-ffmpeg.ts';

export interface Calibration {
  /** When the processor encodes. */
  readonly costs: CostModel;
  /** `assumed`: it could not be measured, and the reference machine's costs are taken. */
  readonly origin: 'measured' | 'cached' | 'assumed';
  /** For a person, where it is assumed or could not be kept. */
  readonly why?: string;
}

const cacheFile = z.object({
  ffmpeg_version: z.string(),
  cpu_model: z.string(),
  /** Time the job takes here by the time it takes on the reference machine. */
  cost_ratio: z.number().positive().max(1000),
});

const timeoutMs = 15_000;
const runs = 2;
/** CPU seconds of the job on a core of the reference machine. */
const referenceJobSeconds = 0.33;
const job: EncodedRung = {
  widthPixels: 1280,
  heightPixels: 720,
  fps: 30,
  bitrateBps: 2_800_000,
  maxrateBps: 2_800_000,
  bufsizeBits: 2_800_000,
  profile: 'high',
  levelIdc: 31,
  encoderThreads: 1,
};
const source = ['-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=30:d=2'];

/**
 * What transcoding costs on this machine: two seconds of 720p are encoded twice and the CPU time compared with that of the reference
 * machine. Kept at `cachePath` for the same ffmpeg on the same processor. Takes about a second; never throws.
 */
export async function calibrate(options: {
  readonly ffmpeg: Ffmpeg;
  readonly cachePath: string;
  readonly cpuModel?: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<Calibration> {
  const { ffmpeg, cachePath, cpuModel = thisCpu(), signal } = options;
  const cached = await knownCalibration({ ffmpeg, cachePath, cpuModel });
  if (cached !== undefined) return cached;
  try {
    const ratio = Math.max(0.01, (await jobSeconds(ffmpeg, signal)) / referenceJobSeconds);
    const why = await writeCache(cachePath, { ffmpeg_version: ffmpeg.version, cpu_model: cpuModel, cost_ratio: ratio });
    return { costs: scaleCosts(referenceCosts, ratio), origin: 'measured', ...(why !== undefined && { why }) };
  } catch (error) {
    return { costs: referenceCosts, origin: 'assumed', why: (error as Error).message };
  }
}

/** What an earlier run has measured with this ffmpeg on this processor. */
export async function knownCalibration(options: {
  readonly ffmpeg: Ffmpeg;
  readonly cachePath: string;
  readonly cpuModel?: string;
}): Promise<Calibration | undefined> {
  const { ffmpeg, cachePath, cpuModel = thisCpu() } = options;
  const cached = await readCache(cachePath);
  if (cached?.ffmpeg_version !== ffmpeg.version || cached.cpu_model !== cpuModel) return undefined;
  return { costs: scaleCosts(referenceCosts, cached.cost_ratio), origin: 'cached' };
}

function thisCpu(): string {
  return cpus()[0]?.model.trim() ?? 'unknown';
}

/** CPU seconds of encoding alone: making the pictures is taken off. The mean of some runs. */
async function jobSeconds(ffmpeg: Ffmpeg, signal: AbortSignal | undefined): Promise<number> {
  let seconds = 0;
  for (let run = 0; run < runs; run++) {
    seconds += await cpuSeconds(ffmpeg, ['-c:v', 'libx264', ...encoderOptions('x264', job)], signal);
    seconds -= await cpuSeconds(ffmpeg, ['-pix_fmt', 'yuv420p', '-c:v', 'wrapped_avframe'], signal);
  }
  return seconds / runs;
}

async function cpuSeconds(ffmpeg: Ffmpeg, codec: readonly string[], signal: AbortSignal | undefined): Promise<number> {
  const args = ['-hide_banner', '-nostdin', '-nostats', '-benchmark', ...source, ...codec, '-f', 'null', '-'];
  const run = await runFfmpeg(ffmpeg.path, args, { timeoutMs, signal });
  const times = /utime=([\d.]+)s stime=([\d.]+)s/.exec(run.stderr);
  if (run.code !== 0 || times === null) throw new Error(`the trial encode failed: ${firstComplaint(run)}`);
  return Number(times[1]) + Number(times[2]);
}

async function readCache(path: string): Promise<z.output<typeof cacheFile> | undefined> {
  try {
    return cacheFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined; // not there, or not ours: it is measured again
  }
}

/** Whole or not at all. Returns why it could not be kept. */
async function writeCache(path: string, content: z.output<typeof cacheFile>): Promise<string | undefined> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const unfinished = `${path}.${process.pid}`;
    await writeFile(unfinished, `${JSON.stringify(content, undefined, 2)}\n`);
    await rename(unfinished, path);
    return undefined;
  } catch (error) {
    return `it could not be kept: ${(error as Error).message}`;
  }
}
