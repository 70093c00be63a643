import * as fc from 'fast-check';
import { startPostgres } from '../support/postgres.ts';
import { LifeStage, lives } from '../support/stream-life/live-through.ts';

export interface StreamLifeReport {
  readonly store: string;
  readonly seed: number;
  readonly lives: number;
  readonly steps: number;
  /** What was found wrong: with it, the seed makes it happen again. */
  readonly failure: string | null;
}

const channels = 12;
const moves = 6;

/** Random lives of streams, one after the other, until the time is over or something else happened than should have. */
export async function soakStreamLife(options: {
  readonly minutes: number;
  readonly store: 'sqlite' | 'postgres';
  readonly seed: number;
}): Promise<StreamLifeReport> {
  const postgres = options.store === 'postgres' ? await startPostgres() : undefined;
  const stage = await LifeStage.open(await postgres?.newDatabase());
  let lived = 0;
  const property = fc.asyncProperty(lives(channels, moves), async (phases) => {
    await stage.liveThrough(phases);
    lived++;
  });
  const untilMs = options.minutes * 60_000;
  const { seed, store } = options;
  try {
    const outcome = await fc.check(property, {
      ...{ seed, numRuns: 1_000_000, endOnFailure: true },
      ...{ interruptAfterTimeLimit: untilMs, markInterruptAsFailure: false },
    });
    const { errorInstance } = outcome;
    const failure = outcome.failed ? `${errorInstance instanceof Error ? errorInstance.message : errorInstance}` : null;
    return { store, seed, lives: lived, steps: stage.steps, failure };
  } finally {
    await stage.close();
    await postgres?.dispose();
  }
}
