import type { LadderPlan, PlannedRung } from './ladder.ts';

export interface WantedLadder {
  /** Best first; none: no transcoding. */
  readonly rungs: readonly PlannedRung[];
  readonly keyframes: LadderPlan['keyframes'];
  /** Of the source; what the rate control reckons with. */
  readonly sourceFps: number;
}

const nothing: WantedLadder = { rungs: [], keyframes: 'source', sourceFps: 30 };

/** What is wanted, less what the machine turned out not to manage. */
export class LadderDemand {
  private wanted: WantedLadder | undefined;
  private shed: string[] = [];

  /** False until the first word about a source: until then nobody knows what will be wanted. */
  get isKnown(): boolean {
    return this.wanted !== undefined;
  }

  get ladder(): WantedLadder {
    const wanted = this.wanted ?? nothing;
    if (this.shed.length === 0) return wanted;
    return { ...wanted, rungs: wanted.rungs.filter((rung) => !this.shed.includes(rung.name)) };
  }

  want(ladder: WantedLadder): void {
    this.wanted = ladder;
  }

  wantNothing(): void {
    this.wanted = nothing;
  }

  /** There is another source: nothing is known of what is wanted of it. */
  forget(): void {
    this.wanted = undefined;
    this.shed = [];
  }

  /** There is a rung that can be done without. */
  get canShed(): boolean {
    return this.ladder.rungs.length > 1;
  }

  /** Gives up the dearest rung; not the one that is in the source's place. */
  shedTop(): void {
    const { rungs, keyframes } = this.ladder;
    const top = rungs[keyframes === 'grid' ? 1 : 0];
    if (top !== undefined) this.shed.push(top.name);
  }

  /** Gives back the rung that was shed last. */
  restore(): void {
    this.shed.pop();
  }

  /** Why a rung is not made, for a person. */
  whyNot(name: string): string {
    if (this.shed.includes(name)) return 'this machine does not manage it in real time';
    return this.wanted === undefined ? 'the source changed' : 'it is not wanted any more';
  }
}

/** Whether an ffmpeg that makes the one makes the other. */
export function isSameLadder(a: WantedLadder, b: WantedLadder): boolean {
  if (a.keyframes !== b.keyframes || a.rungs.length !== b.rungs.length) return false;
  return a.rungs.every((rung, index) => isSameRung(rung, b.rungs[index]!));
}

function isSameRung(a: PlannedRung, b: PlannedRung): boolean {
  return (
    a.name === b.name &&
    a.widthPixels === b.widthPixels &&
    a.heightPixels === b.heightPixels &&
    a.bitrateBps === b.bitrateBps &&
    a.fpsCap === b.fpsCap
  );
}
