import { choosePartTargetMs } from './part-target.ts';

/**
 * PART-TARGET of one stream, the same for all its renditions and for its whole life, over reconnects and restarts too:
 * chosen by the first part that is about to end.
 */
export class PartClock {
  private readonly wantedMs: number;
  private chosenMs: number | undefined;

  constructor(wantedMs: number, chosenMs?: number) {
    this.wantedMs = wantedMs;
    this.chosenMs = chosenMs;
  }

  /** Milliseconds: what has been chosen, or what would be, for this distance between frames. */
  targetMs(frameIntervalMs: number): number {
    return this.chosenMs ?? choosePartTargetMs(this.wantedMs, frameIntervalMs);
  }

  /** Chooses, if that has not been done. */
  settle(frameIntervalMs: number | undefined): number {
    this.chosenMs ??=
      frameIntervalMs === undefined ? this.wantedMs : choosePartTargetMs(this.wantedMs, frameIntervalMs);
    return this.chosenMs;
  }
}
