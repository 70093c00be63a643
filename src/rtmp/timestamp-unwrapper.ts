/**
 * Turns timestamps that wrap into ones that go on. RTMP's wrap at 2^32 ms (49.7 days), those of ffmpeg's FLV muxer
 * at 2^31 (24.9 days): as long as bit 31 is clear on both sides, the shorter way round 2^31 is taken.
 * One per publisher: its tracks share a clock, so they share the number of wraps.
 */
export class TimestampUnwrapper {
  private lastRaw: number | undefined;
  private lastMs = 0;

  /** `rawMs` is unsigned 32 bit; the result is exact and may go back, as the raw ones do. */
  unwrap(rawMs: number): number {
    if (this.lastRaw === undefined) {
      this.lastMs = rawMs;
    } else {
      const isWide = rawMs > 0x7fffffff || this.lastRaw > 0x7fffffff;
      const step = rawMs - this.lastRaw;
      this.lastMs += isWide ? step | 0 : (step << 1) >> 1;
    }
    this.lastRaw = rawMs;
    return this.lastMs;
  }
}
