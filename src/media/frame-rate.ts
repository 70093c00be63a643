/** A frame rate as an exact fraction, frames per second. */
export interface FrameRate {
  readonly numerator: number;
  readonly denominator: number;
}

const commonRates: readonly FrameRate[] = [
  { numerator: 24_000, denominator: 1001 },
  { numerator: 24, denominator: 1 },
  { numerator: 25, denominator: 1 },
  { numerator: 30_000, denominator: 1001 },
  { numerator: 30, denominator: 1 },
  { numerator: 48, denominator: 1 },
  { numerator: 50, denominator: 1 },
  { numerator: 60_000, denominator: 1001 },
  { numerator: 60, denominator: 1 },
  { numerator: 120, denominator: 1 },
];

/** The common frame rate nearest to a measured one, if it is no further away than `tolerance`, a share of it. */
export function commonFrameRate(fps: number, tolerance: number): FrameRate | undefined {
  const distance = ({ numerator, denominator }: FrameRate) => Math.abs(fps - numerator / denominator);
  const nearest = commonRates.reduce((best, rate) => (distance(rate) < distance(best) ? rate : best));
  return distance(nearest) < tolerance * fps ? nearest : undefined;
}

/** The frame rate that was meant by a measured one: a common one within 0.04 %, else itself in thousandths. */
export function exactFrameRate(fps: number): FrameRate {
  return commonFrameRate(fps, 0.0004) ?? { numerator: Math.max(1, Math.round(fps * 1000)), denominator: 1000 };
}
