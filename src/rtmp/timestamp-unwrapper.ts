/**
 * Turns timestamps that wrap into ones that go on. RTMP's wrap at 2^32 ms (49.7 days), those of ffmpeg's FLV muxer at 2^31
 * (24.9 days). Steps are taken modulo 2^31, which is right for both as long as none is longer than 12 days.
 * One per publisher: its tracks share a clock, so they share the number of wraps.
 */
export class TimestampUnwrapper {
  private lastRaw: number | undefined;
  private lastMs = 0;

  /** `rawMs` is unsigned 32 bit; the result is exact and may go back, as the raw ones do. */
  unwrap(rawMs: number): number {
    this.lastMs = this.lastRaw === undefined ? rawMs : this.lastMs + (((rawMs - this.lastRaw) << 1) >> 1);
    this.lastRaw = rawMs;
    return this.lastMs;
  }
}
