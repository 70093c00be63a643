import type { BitReader } from './bit-reader.ts';

/** The shape of a pixel: width to height. */
export interface PixelAspect {
  readonly horizontal: number;
  readonly vertical: number;
}

/** Code points of ISO/IEC 23091-2. */
export interface ColourDescription {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  readonly isFullRange: boolean;
}

/** aspect_ratio_idc 1 to 16 (ISO/IEC 14496-10 table E-1, the same in HEVC). */
const pixelAspects = [
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
] as const;

/** aspect_ratio_idc and what follows it in a VUI; undefined when it says "unspecified". */
export function readPixelAspect(bits: BitReader): PixelAspect | undefined {
  const idc = bits.bits(8);
  if (idc === 255) {
    const horizontal = bits.bits(16);
    const vertical = bits.bits(16);
    return horizontal === 0 || vertical === 0 ? undefined : { horizontal, vertical };
  }
  const known = pixelAspects[idc - 1];
  return known && { horizontal: known[0], vertical: known[1] };
}
