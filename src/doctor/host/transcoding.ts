import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isStreamctlError } from '../../base/errors.ts';
import type { LadderConfig } from '../../config/schema.ts';
import { type Calibration, calibrate, knownCalibration } from '../../transcode/calibration.ts';
import { type ChosenEncoder, chooseEncoder } from '../../transcode/encoders.ts';
import { type Ffmpeg, findFfmpeg } from '../../transcode/ffmpeg-lookup.ts';
import { type Finding, finding, fine } from '../finding.ts';
import { capacityText, ladderCapacities } from '../ladder-capacity.ts';
import type { Host } from './host.ts';

/** ffmpeg, the encoder it would use here, and how many broadcasts the processor transcodes. */
export async function checkTranscoding({ config, signal }: Host): Promise<Finding[]> {
  const { ladder } = config;
  if (ladder.mode !== 'auto') {
    return [finding('ladder-off', 'note', { found: `ladder.mode is ${ladder.mode}.` })];
  }
  try {
    const searchPath = process.env.PATH ?? '';
    const ffmpeg = await findFfmpeg({ configuredPath: ladder.ffmpegPath, searchPath, signal });
    const chosen = await chooseEncoder(ffmpeg, ladder.encoder, { signal });
    const found = fine('ffmpeg', `ffmpeg ${ffmpeg.version} at ${ffmpeg.path} has what the ladder needs.`);
    return [found, ...(await encoderFindings(ffmpeg, chosen, config.dataDir, ladder, signal))];
  } catch (error) {
    if (!isStreamctlError(error)) throw error;
    return [finding('ffmpeg-missing', 'warning', { found: error.message, remedy: error.remedy })];
  }
}

async function encoderFindings(
  ffmpeg: Ffmpeg,
  { encoder, trials }: ChosenEncoder,
  dataDir: string,
  ladder: LadderConfig,
  signal: AbortSignal,
): Promise<Finding[]> {
  const failed = trials.flatMap(({ encoder: name, why }) => (why === undefined ? [] : [`${name}: ${why}`]));
  if (encoder === undefined) {
    const found = `No H.264 encoder of ${ffmpeg.path} works. ${failed.join('. ')}`;
    return [finding('encoder-missing', 'warning', { found })];
  }
  const asked = ladder.encoder;
  const { costs, origin, why } = await costsHere(ffmpeg, join(dataDir, 'transcoding-cost.json'), signal);
  const capacity = capacityFinding(
    ladderCapacities({
      budgetCores: availableParallelism() * ladder.cpuBudgetRatio,
      costs,
      encoder,
      levels: ladder.rungs,
    }),
    ladder,
    originText[origin] + (origin === 'assumed' ? ` (${why})` : ''),
  );
  if (asked === 'auto' || asked === encoder) return [fine('encoder', `${encoder} encodes on this machine.`), capacity];
  const found = `ladder.encoder is ${asked}, which does not work here: ${failed.join('. ')}. ${encoder} is used.`;
  return [finding('encoder-replaced', 'warning', { found, details: { encoder } }), capacity];
}

const originText: Record<Calibration['origin'], string> = {
  measured: 'measured now',
  cached: 'measured by the server at an earlier start',
  assumed: 'assumed, because it could not be measured',
};

/** What the server has measured, or measured here without leaving anything behind. */
export async function costsHere(ffmpeg: Ffmpeg, cachePath: string, signal: AbortSignal): Promise<Calibration> {
  const known = await knownCalibration({ ffmpeg, cachePath });
  if (known !== undefined) return known;
  const folder = await mkdtemp(join(tmpdir(), 'streamctl-cost-'));
  try {
    return await calibrate({ ffmpeg, cachePath: join(folder, 'cost.json'), signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function capacityFinding(
  capacities: ReturnType<typeof ladderCapacities>,
  { cpuBudgetRatio }: LadderConfig,
  origin: string,
): Finding {
  const budgetCores = availableParallelism() * cpuBudgetRatio;
  const figures = Object.fromEntries([
    ['budget_cores', Math.round(budgetCores * 100) / 100],
    ...capacities.map(({ source, streams }) => [`streams_of_${source}`, streams] as const),
  ]);
  const found = `The ladder may use ${budgetCores.toFixed(1)} cores: about ${capacityText(capacities)} (${origin}).`;
  if (capacities.every(({ rungs, streams }) => rungs.length === 0 || streams > 0)) {
    return fine('ladder-capacity', found, figures);
  }
  return finding('ladder-capacity-small', 'warning', {
    found,
    figures,
  });
}
