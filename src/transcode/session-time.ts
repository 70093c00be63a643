/** The session's clock shows this when it begins: encoders that reorder may write times before the first frame's. */
const sessionStartMs = 10_000;

/** Session time must stay below this: FLV's own wraps at twice as much. */
export const sessionTimeLimitMs = 2 ** 30;

/**
 * Stream time to session time and back. Session time is in whole milliseconds from `sessionStartMs` on; stream time need not be
 * whole, so each frame's is remembered, for the rungs to come back at exactly the times of the source.
 */
export class SessionTime {
  private readonly epochMs: number;
  private readonly streamTimes = new Map<number, number>();

  /** `epochMs` of stream time is the beginning of the session. */
  constructor(epochMs: number) {
    this.epochMs = epochMs;
  }

  fromStream(streamMs: number): number {
    return Math.round(streamMs - this.epochMs) + sessionStartMs;
  }

  /** As `fromStream`, for a PTS that comes back. */
  remember(streamPtsMs: number): number {
    const ptsMs = this.fromStream(streamPtsMs);
    this.streamTimes.set(ptsMs, streamPtsMs);
    return ptsMs;
  }

  toStream(sessionPtsMs: number): number {
    return this.streamTimes.get(sessionPtsMs) ?? sessionPtsMs - sessionStartMs + this.epochMs;
  }

  /** No rung will come back with a PTS up to this. */
  forget(streamPtsMs: number): void {
    for (const [ptsMs, streamMs] of this.streamTimes) {
      if (streamMs > streamPtsMs) break;
      this.streamTimes.delete(ptsMs);
    }
  }
}
