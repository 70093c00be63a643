import { shareBudget } from '../transcode/budget.ts';
import { type CostModel, costsWith } from '../transcode/cost-model.ts';
import type { EncoderName } from '../transcode/encoder-options.ts';
import { planLadder, type QualityLevel } from '../transcode/ladder.ts';

/** What broadcasters send most. */
const usualSources = [
  { name: '1080p30', widthPixels: 1920, heightPixels: 1080, fps: 30, bitrateBps: 6_000_000 },
  { name: '720p30', widthPixels: 1280, heightPixels: 720, fps: 30, bitrateBps: 3_000_000 },
] as const;

export interface LadderCapacity {
  readonly source: string;
  /** Of the ladder, best first; those that one ffmpeg makes in real time here. */
  readonly rungs: readonly string[];
  readonly coresPerStream: number;
  /** Whole broadcasts with all these rungs at once. */
  readonly streams: number;
}

/** How many broadcasts of the usual kinds `budgetCores` carry with all their rungs. */
export function ladderCapacities(options: {
  readonly budgetCores: number;
  readonly costs: CostModel;
  readonly encoder: EncoderName;
  readonly levels: readonly QualityLevel[];
}): LadderCapacity[] {
  const { budgetCores, encoder, levels } = options;
  const costs = costsWith(encoder, options.costs);
  return usualSources.map(({ name, ...picture }) => {
    const plan = planLadder({ source: { ...picture, codec: 'avc', isPassthrough: true }, levels, costs });
    const [share] = shareBudget([{ ...plan, id: name, running: [] }], Number.POSITIVE_INFINITY);
    const rungs = plan.rungs.filter((rung) => share?.offered.includes(rung.name));
    const coresPerStream = rungs.reduce((sum, rung) => sum + rung.costCores, plan.decodeCostCores);
    const streams = rungs.length === 0 ? 0 : Math.floor(budgetCores / coresPerStream);
    return { source: name, rungs: rungs.map((rung) => rung.name), coresPerStream, streams };
  });
}

/** `2 of 1080p30 with 720p+480p+360p, or 4 of 720p30 with 480p+360p`. */
export function capacityText(capacities: readonly LadderCapacity[]): string {
  return capacities
    .filter(({ rungs }) => rungs.length > 0)
    .map(({ source, rungs, streams }) => `${streams === 0 ? 'none' : streams} of ${source} with ${rungs.join('+')}`)
    .join(', or ');
}
