import type { Clock } from '../base/clock.ts';
import type { StreamWindow } from '../stream/window.ts';
import { plannedOf } from './variant.ts';

/** Somebody asks for a rendition that is made only while that happens. */
export type OnWanted = (streamId: string, rendition: string) => void;

const intervalMs = 1000;

/** Tells whoever makes renditions on demand which are asked for: of each no more than once a second. */
export class RungRequests {
  private readonly clock: Clock;
  private readonly onWanted: OnWanted;
  private readonly toldAtMs = new WeakMap<StreamWindow, Map<string, number>>();

  constructor(clock: Clock, onWanted: OnWanted) {
    this.clock = clock;
    this.onWanted = onWanted;
  }

  /** A viewer asked for something of this rendition. */
  asked(window: StreamWindow, rendition: string): void {
    if (plannedOf(window, rendition)?.isOnDemand !== true || window.isEnded) return;
    let told = this.toldAtMs.get(window);
    if (told === undefined) {
      told = new Map();
      this.toldAtMs.set(window, told);
    }
    const nowMs = this.clock.monotonicMs();
    if (nowMs - (told.get(rendition) ?? Number.NEGATIVE_INFINITY) < intervalMs) return;
    told.set(rendition, nowMs);
    this.onWanted(window.stream.streamId, rendition);
  }
}
