/** Converts a time between clocks, rounding to the nearest tick. Exact while `ticks × toTimescale` stays below 2^53. */
export function rescaleTicks(ticks: number, fromTimescale: number, toTimescale: number): number {
  return fromTimescale === toTimescale ? ticks : Math.round((ticks * toTimescale) / fromTimescale);
}

export function ticksFromMs(ms: number, timescale: number): number {
  return rescaleTicks(ms, 1000, timescale);
}

export function msFromTicks(ticks: number, timescale: number): number {
  return (ticks * 1000) / timescale;
}
