/** Why another quality was chosen. */
export type SwitchReason = 'startup' | 'bandwidth' | 'buffer' | 'dropped-frames' | 'player-size' | 'error' | 'manual';

/** From this time on, this quality was on screen. */
export interface QualitySwitch {
  /** Wall clock of the viewer's device, ms since the epoch. */
  readonly atMs: number;
  /** Name of the rendition, as in its URLs: `source`, `720p`, … */
  readonly rendition: string;
  readonly reason: SwitchReason;
}

const maxSwitches = 200;

/** What qualities a viewer has seen, oldest first; of very many the newest. */
export class QualityHistory {
  private readonly list: QualitySwitch[] = [];
  private forgotten = 0;

  add(change: QualitySwitch): void {
    if (this.list.at(-1)?.rendition === change.rendition) return;
    this.list.push(change);
    if (this.list.length <= maxSwitches) return;
    this.list.shift();
    this.forgotten++;
  }

  get switches(): readonly QualitySwitch[] {
    return this.list;
  }

  /** With those that are forgotten. */
  get count(): number {
    return this.list.length + this.forgotten;
  }
}
