import type { RenditionWindow } from '../stream/window.ts';

/** How far above what was measured BANDWIDTH is declared: a busier scene than any so far should not prove it wrong. */
const headRoom = 1.1;
/** Until this much media was measured it says little. */
const earlyHeadRoom = 1.25;
const earlySeconds = 30;
const stepBps = 1000;

/** The peak bit rate a rendition is declared with, bit/s: measured × head-room, rounded up, and never lowered again. */
export class DeclaredBitrate {
  private readonly declaredBps: Map<string, number>;

  constructor(declaredBps: Iterable<readonly [string, number]> = []) {
    this.declaredBps = new Map(declaredBps);
  }

  /** What has been declared, by rendition. */
  get entries(): readonly (readonly [string, number])[] {
    return [...this.declaredBps];
  }

  peakBps(rendition: RenditionWindow): number {
    const { name } = rendition.description;
    const factor = rendition.measuredSeconds < earlySeconds ? earlyHeadRoom : headRoom;
    const before = this.declaredBps.get(name) ?? 0;
    // Raised only when the measured peak comes close: BANDWIDTH should not change with every segment.
    if (rendition.peakBitrateBps * 1.02 <= before) return before;
    const declared = Math.ceil((rendition.peakBitrateBps * factor) / stepBps) * stepBps;
    this.declaredBps.set(name, declared);
    return declared;
  }
}

/** The measured average, bit/s, to the next thousand. */
export function averageBps(rendition: RenditionWindow): number {
  return Math.ceil(rendition.averageBitrateBps / stepBps) * stepBps;
}
