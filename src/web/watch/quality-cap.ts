/** Pictures so far, as the video element counts them. */
export interface FrameCounts {
  readonly total: number;
  readonly dropped: number;
}

/** A quality is not enlarged by more than this before the next one is worth its bits. */
const enlargement = 1.1;

/** The lowest quality that fills a player of this size (device pixels), or the highest there is. */
export function levelForSize(
  levels: readonly { readonly width: number; readonly height: number }[],
  player: { readonly widthPixels: number; readonly heightPixels: number },
): number {
  const fits = levels.findIndex(
    // The picture is fitted into the player: one of its sides is as long as the player's.
    ({ width, height }) => width * enlargement >= player.widthPixels || height * enlargement >= player.heightPixels,
  );
  return fits < 0 ? levels.length - 1 : fits;
}

/** Of the pictures of an interval, how many a device may drop that keeps up. */
const maxDroppedShare = 0.2;
const intervalMs = 3000;
/** Two bad intervals in a row: one alone is a window that was moved. */
const badIntervals = 2;
/** The device may have been busy with something else: it is asked again later, and the pause doubles. */
const firstRestMs = 60_000;

/** Watches whether the device can draw what it is given; while it cannot, there is a cap. */
export class DroppedFrames {
  private before: (FrameCounts & { readonly atMs: number }) | undefined;
  private bad = 0;
  private restMs = firstRestMs;
  private cap: { readonly level: number; readonly untilMs: number } | undefined;

  /** `level` is on screen. Call as often as you like. */
  look(counts: FrameCounts, level: number, nowMs: number): void {
    const { before } = this;
    if (before === undefined || counts.total < before.total) {
      this.before = { ...counts, atMs: nowMs };
      return;
    }
    if (nowMs - before.atMs < intervalMs) return;
    const shown = counts.total - before.total;
    const isBad = shown > 0 && counts.dropped - before.dropped > shown * maxDroppedShare;
    this.before = { ...counts, atMs: nowMs };
    this.bad = isBad ? this.bad + 1 : 0;
    if (this.bad < badIntervals || level <= 0) return;
    this.bad = 0;
    this.cap = { level: level - 1, untilMs: nowMs + this.restMs };
    this.restMs *= 2;
  }

  /** The highest quality that the device can draw; undefined: as far as is known, all. */
  levelCap(nowMs: number): number | undefined {
    return this.cap !== undefined && nowMs < this.cap.untilMs ? this.cap.level : undefined;
  }
}
