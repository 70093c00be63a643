import type { FailureReason } from '../transcode/session-failure.ts';

/** What all ladders of this node have done since the start, also those of broadcasts that are over. */
export class LadderTotals {
  droppedFrames = 0;
  readonly restarts: Record<FailureReason | 'encoder', number> = { not_started: 0, stalled: 0, exited: 0, encoder: 0 };
  private readonly framesByRung: Record<string, number>;

  /** `names`: of the rungs that are counted each; others are counted together. */
  constructor(names: readonly string[]) {
    this.framesByRung = Object.fromEntries(names.map((name) => [name, 0]));
  }

  get frames(): Readonly<Record<string, number>> {
    return this.framesByRung;
  }

  /** What rungs are counted as. */
  labelOf(rung: string): string {
    return Object.hasOwn(this.framesByRung, rung) ? rung : 'other';
  }

  addFrames(rung: string, count: number): void {
    const label = this.labelOf(rung);
    this.framesByRung[label] = (this.framesByRung[label] ?? 0) + count;
  }
}
