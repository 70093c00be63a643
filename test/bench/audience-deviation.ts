/** What the server said at a moment, wall clock ms. */
export interface CountSample {
  readonly atMs: number;
  readonly viewers: number;
}

/** A step of the population: from `beganAtMs` to `reachedAtMs` it changed, then it was steady until `untilMs`. */
export interface PopulationStep {
  readonly from: number;
  readonly to: number;
  readonly beganAtMs: number;
  readonly reachedAtMs: number;
  readonly untilMs: number;
}

/** How the server's count followed a step. */
export interface StepFigures {
  readonly from: number;
  readonly to: number;
  /** From when the population was reached until the count was right and stayed so; undefined: it never was. */
  readonly settledSeconds: number | undefined;
  /** The most that the count was off while the population was steady, in percent of it, after the time to settle. */
  readonly deviationPercent: number | undefined;
}

/** A count is right when it is so near, in percent; and it may take so long. */
export const rightPercent = 1;
export const settleMs = 10_000;

/** Holds the server's counts against who really watched (`watchingAt`). */
export function followStep(
  step: PopulationStep,
  samples: readonly CountSample[],
  watchingAt: (atMs: number) => number,
): StepFigures {
  // Of nobody nothing can be a percentage: then it is of those who were there before.
  const whole = step.to === 0 ? step.from : step.to;
  const offPercent = ({ atMs, viewers }: CountSample) => (100 * Math.abs(viewers - watchingAt(atMs))) / whole;
  const steady = samples.filter(({ atMs }) => atMs >= step.reachedAtMs && atMs < step.untilMs);
  const lastWrong = steady.findLastIndex((sample) => offPercent(sample) > rightPercent);
  const firstRight = steady[lastWrong + 1];
  const settled = steady.filter(({ atMs }) => atMs >= step.reachedAtMs + settleMs);
  return {
    from: step.from,
    to: step.to,
    settledSeconds: firstRight === undefined ? undefined : (firstRight.atMs - step.reachedAtMs) / 1000,
    deviationPercent: settled.length === 0 ? undefined : Math.max(...settled.map(offPercent)),
  };
}
