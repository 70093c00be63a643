import type { PlannedRendition } from '../stream/feed.ts';
import type { RenditionWindow } from '../stream/window.ts';

/** How far above what was measured BANDWIDTH is declared: a busier scene than any so far should not prove it wrong. */
const headRoom = 1.1;
/** Until this much media was measured it says little. */
const earlyHeadRoom = 1.25;
const earlySeconds = 30;
const stepBps = 1000;

/** What has been declared of a rendition, bit/s. */
export interface DeclaredRates {
  readonly peakBps: number;
  /** The highest that was planned: less is not said again. */
  readonly plannedAverageBps: number;
}

const nothing: DeclaredRates = { peakBps: 0, plannedAverageBps: 0 };

/** The bit rates renditions are declared with: those planned, then those measured. The peak is never lowered again. */
export class DeclaredBitrate {
  private readonly declared: Map<string, DeclaredRates>;

  constructor(declared: Iterable<readonly [string, DeclaredRates]> = []) {
    this.declared = new Map(declared);
  }

  /** What has been declared, by rendition. */
  get entries(): readonly (readonly [string, DeclaredRates])[] {
    return [...this.declared];
  }

  /** From now on at least this is declared. */
  plan(renditions: readonly PlannedRendition[]): void {
    for (const { name, peakBps, averageBps } of renditions) {
      const before = this.declared.get(name) ?? nothing;
      this.declared.set(name, {
        peakBps: Math.max(before.peakBps, toStep(peakBps)),
        plannedAverageBps: Math.max(before.plannedAverageBps, toStep(averageBps)),
      });
    }
  }

  /** The peak segment bit rate: measured × head-room, rounded up, and never lowered again. */
  peakBps(name: string, rendition: RenditionWindow | undefined): number {
    const before = this.declared.get(name) ?? nothing;
    // Raised only when the measured peak comes close: BANDWIDTH should not change with every segment.
    if (rendition === undefined || rendition.peakBitrateBps * 1.02 <= before.peakBps) return before.peakBps;
    const factor = rendition.measuredSeconds < earlySeconds ? earlyHeadRoom : headRoom;
    const peakBps = toStep(rendition.peakBitrateBps * factor);
    this.declared.set(name, { ...before, peakBps });
    return peakBps;
  }

  /** The measured average, but not less than was planned. */
  averageBps(name: string, rendition: RenditionWindow | undefined): number {
    const plannedBps = this.declared.get(name)?.plannedAverageBps ?? 0;
    return Math.max(plannedBps, toStep(rendition?.averageBitrateBps ?? 0));
  }
}

/** Up to the next thousand. */
function toStep(bitrateBps: number): number {
  return Math.ceil(bitrateBps / stepBps) * stepBps;
}
