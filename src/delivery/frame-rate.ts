const commonRates = [
  [24000, 1001],
  [24, 1],
  [25, 1],
  [30000, 1001],
  [30, 1],
  [48, 1],
  [50, 1],
  [60000, 1001],
  [60, 1],
  [120, 1],
] as const;

/** The frame rate that was meant by a measured one: a common one within 0.04 %, else itself in thousandths. */
export function exactFrameRate(fps: number): { readonly numerator: number; readonly denominator: number } {
  for (const [numerator, denominator] of commonRates) {
    if (Math.abs(fps - numerator / denominator) < 0.0004 * fps) return { numerator, denominator };
  }
  return { numerator: Math.max(1, Math.round(fps * 1000)), denominator: 1000 };
}
