/** Frames are late by chance; the least late of this time are late by their clock. */
const windowMs = 30_000;
/** Less is not followed: it is what networks and busy machines do. */
const toleranceMs = 50;
/** Together with the window 400 ppm: more than the clocks of encoders go apart, and less than anybody sees or hears. */
const stepEveryMs = 2500;
const maxStepsPerWindow = windowMs / stepEveryMs;

/**
 * Follows a publisher's clock that goes faster or slower than ours, so that the stream time of its frames does not go away from the
 * time at which they come, however long a broadcast lasts.
 */
export class ClockFollower {
  /** Least lateness of the first window. */
  private referenceMs: number | undefined;
  private leastMs = Number.POSITIVE_INFINITY;
  private windowStartMs: number | undefined;
  private steppedAtMs = 0;
  /** Milliseconds that are still to be moved; negative: back. */
  private wantedMs = 0;

  /** `latenessMs`: arrival less stream time of a frame. Gives by how much stream time is to be moved from this frame on: -1, 0 or 1 ms. */
  step(latenessMs: number, arrivalMs: number): number {
    this.windowStartMs ??= arrivalMs;
    if (latenessMs < this.leastMs) this.leastMs = latenessMs;
    if (arrivalMs - this.windowStartMs >= windowMs) this.closeWindow(arrivalMs);
    if (this.wantedMs === 0 || arrivalMs - this.steppedAtMs < stepEveryMs) return 0;
    const stepMs = Math.sign(this.wantedMs);
    this.wantedMs -= stepMs;
    this.steppedAtMs = arrivalMs;
    return stepMs;
  }

  private closeWindow(arrivalMs: number): void {
    this.referenceMs ??= this.leastMs;
    const awayMs = this.leastMs - this.referenceMs;
    const isFar = Math.abs(awayMs) > toleranceMs;
    this.wantedMs = isFar ? Math.max(-maxStepsPerWindow, Math.min(maxStepsPerWindow, Math.trunc(awayMs))) : 0;
    this.leastMs = Number.POSITIVE_INFINITY;
    this.windowStartMs = arrivalMs;
  }
}
