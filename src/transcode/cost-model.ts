import type { EncoderName } from './encoder-options.ts';

/** What software transcoding costs: CPU seconds per megapixel, so that size × rate gives cores. */
export interface CostModel {
  /** Per megapixel of the source. */
  readonly decodePerMegapixel: number;
  /** Splitting and scaling, per megapixel of the source and rung. */
  readonly scalePerMegapixel: number;
  /** Per megapixel of the rung. */
  readonly encodePerMegapixel: number;
}

/** x264 `superfast` with `zerolatency`, on a core of the reference machine. */
export const referenceCosts: CostModel = {
  decodePerMegapixel: 0.0027,
  scalePerMegapixel: 0.0005,
  encodePerMegapixel: 0.0068,
};

/** What remains to the CPU when a device encodes: the picture is converted and handed over. */
const deviceEncodePerMegapixel = 0.0006;

/** The costs on a machine that takes `ratio` times as long as the reference machine. */
export function scaleCosts(costs: CostModel, ratio: number): CostModel {
  return {
    decodePerMegapixel: costs.decodePerMegapixel * ratio,
    scalePerMegapixel: costs.scalePerMegapixel * ratio,
    encodePerMegapixel: costs.encodePerMegapixel * ratio,
  };
}

/** What an encoder costs the processor, where x264 costs `costs`. */
export function costsWith(encoder: EncoderName, costs: CostModel): CostModel {
  if (encoder === 'x264') return costs;
  const ratio = costs.encodePerMegapixel / referenceCosts.encodePerMegapixel;
  return { ...costs, encodePerMegapixel: deviceEncodePerMegapixel * ratio };
}

interface Picture {
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly fps: number;
}

function megapixelsPerSecond({ widthPixels, heightPixels, fps }: Picture): number {
  return (widthPixels * heightPixels * fps) / 1e6;
}

/** Cores that decoding the source takes, once for all rungs. */
export function decodeCostCores(source: Picture, costs: CostModel): number {
  return megapixelsPerSecond(source) * costs.decodePerMegapixel;
}

/** Cores that one more rung takes. */
export function rungCostCores(source: Picture, rung: Picture, costs: CostModel): number {
  return megapixelsPerSecond(source) * costs.scalePerMegapixel + megapixelsPerSecond(rung) * costs.encodePerMegapixel;
}
