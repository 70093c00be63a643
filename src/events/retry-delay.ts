const firstDelayMs = 1000;
const lastDelayMs = 300_000;

/**
 * How long to wait after `failures` failures in a row (1 and more): 1 s, twice as long each time, at most 5 minutes, of which up to a
 * third is left off at random, so that nodes and receivers do not keep step. A receiver that names a longer time gets it, up to those 5 minutes.
 * `random` is of [0, 1).
 */
export function retryDelayMs(failures: number, random: number, wishMs = 0): number {
  const fullMs = Math.min(lastDelayMs, firstDelayMs * 1.5 * 2 ** Math.min(failures - 1, 20));
  return Math.min(lastDelayMs, Math.max(firstDelayMs, wishMs, fullMs * (1 - random / 3)));
}
