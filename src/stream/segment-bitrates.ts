import type { MeasuredBitrate } from './feed.ts';
import type { Segment } from './window.ts';

/** How much an average that an earlier process measured weighs against what comes. */
const inheritedSeconds = 10;

export interface BitrateTotals {
  readonly peakBps: number;
  readonly bits: number;
  readonly seconds: number;
}

/** Bit rates of one rendition, measured on its complete segments. */
export class SegmentBitrates {
  private readonly targetDurationSeconds: number;
  private peak: number;
  private bits: number;
  private seconds: number;

  constructor(targetDurationSeconds: number, known: BitrateTotals = { peakBps: 0, bits: 0, seconds: 0 }) {
    this.targetDurationSeconds = targetDurationSeconds;
    this.peak = known.peakBps;
    this.bits = known.bits;
    this.seconds = known.seconds;
  }

  /**
   * The peak segment bit rate so far, bit/s: the highest of any contiguous set of segments that lasts between 0.5 and 1.5
   * target durations (RFC 8216bis §4.4.6.2, BANDWIDTH). Before there is such a set, that of the segments there are.
   */
  get peakBps(): number {
    return this.peak;
  }

  get averageBps(): number {
    return this.seconds === 0 ? 0 : Math.round(this.bits / this.seconds);
  }

  /** How much media they were measured on. */
  get measuredSeconds(): number {
    return this.seconds;
  }

  get totals(): BitrateTotals {
    return { peakBps: this.peak, bits: this.bits, seconds: this.seconds };
  }

  /** The last of the listed segments is complete. */
  measure(segments: readonly Segment[], timescale: number): void {
    const last = segments.at(-1);
    if (last === undefined || last.durationTicks <= 0) return;
    this.bits += last.sizeBytes * 8;
    this.seconds += last.durationTicks / timescale;
    let bits = 0;
    let seconds = 0;
    for (let i = segments.length - 1; i >= 0; i--) {
      const member = segments[i]!;
      bits += member.sizeBytes * 8;
      seconds += member.durationTicks / timescale;
      if (member.isGap || seconds > 1.5 * this.targetDurationSeconds) break;
      if (seconds >= 0.5 * this.targetDurationSeconds) this.raisePeak(bits / seconds);
    }
    if (this.peak === 0) this.raisePeak(this.bits / this.seconds);
  }

  private raisePeak(bitrateBps: number): void {
    this.peak = Math.max(this.peak, Math.ceil(bitrateBps));
  }
}

/** What an earlier process measured, as a beginning. */
export function inheritedTotals({ peakBps, averageBps }: MeasuredBitrate): BitrateTotals {
  return { peakBps, bits: averageBps * inheritedSeconds, seconds: inheritedSeconds };
}
