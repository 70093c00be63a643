import { commonFrameRate } from '../media/frame-rate.ts';

/** Keyframes at `originMs` and every `intervalMs` before and after it: each cell of the grid begins with one. */
export interface KeyframeGrid {
  readonly originMs: number;
  readonly intervalMs: number;
}

/** Publishers count in whole milliseconds: a frame this little before the line was meant to be on it. */
export const gridRoundingMs = 2;

/** The cell that a frame belongs to. */
export function gridCell({ originMs, intervalMs }: KeyframeGrid, ptsMs: number): number {
  return Math.floor((ptsMs - originMs + gridRoundingMs) / intervalMs);
}

/** A measured rate this near to a common one is meant to be it. */
const measuringError = 0.01;

/**
 * The distance of keyframes nearest to the wanted one that is a whole number of frames, for all segments to have equally many:
 * 2002 ms at 29.97 frames per second. As wanted, where the rate is no common one. `nominalFps`: by the bitstream's own account.
 */
export function gridIntervalMs(wantedMs: number, measuredFps: number, nominalFps: number | undefined): number {
  const isNominalTrue = nominalFps !== undefined && Math.abs(nominalFps - measuredFps) < measuringError * measuredFps;
  const rate = commonFrameRate(isNominalTrue ? nominalFps : measuredFps, measuringError);
  if (rate === undefined) return wantedMs;
  const frames = Math.max(1, Math.round((wantedMs * rate.numerator) / (1000 * rate.denominator)));
  return (frames * 1000 * rate.denominator) / rate.numerator;
}
