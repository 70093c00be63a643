/** Averages are of so long: a keyframe is no breach, and neither is a scene. */
const averagedMs = 5000;
/** What encoders overshoot by. */
const tolerance = 1.1;
/** An average may be beyond the limit for so long. */
const patienceMs = 10_000;

interface Reading {
  readonly atMs: number;
  readonly bytes: number;
}

/** Finds out whether bytes come faster than allowed, and for too long. */
export class BitrateLimit {
  private readings: Reading[] = [];
  private beyondSinceMs: number | undefined;

  /**
   * To be called about once a second with all bytes so far; `nowMs` is monotonic. Gives the bit rate when its average over 5 s has
   * been more than 1.1 × `allowedBps` for more than 10 s.
   */
  look(bytes: number, nowMs: number, allowedBps: number): number | undefined {
    this.readings.push({ atMs: nowMs, bytes });
    while (this.readings.length > 1 && nowMs - this.readings[1]!.atMs >= averagedMs) this.readings.shift();
    const first = this.readings[0]!;
    const spanMs = nowMs - first.atMs;
    if (spanMs < averagedMs) return undefined;
    const bitrateBps = Math.round(((bytes - first.bytes) * 8000) / spanMs);
    if (bitrateBps <= tolerance * allowedBps) {
      this.beyondSinceMs = undefined;
      return undefined;
    }
    this.beyondSinceMs ??= nowMs;
    return nowMs - this.beyondSinceMs > patienceMs ? bitrateBps : undefined;
  }

  /** What has been counted so far tells nothing. */
  forget(): void {
    this.readings = [];
    this.beyondSinceMs = undefined;
  }
}

/** Seconds for which a breach has lasted at least, for those who are told of it. */
export const breachSeconds = patienceMs / 1000;
