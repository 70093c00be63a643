/** What was measured of a stream in some time: one second, one minute, one hour. */
export interface StreamPoint {
  /** When it began, ms since the epoch. */
  readonly atMs: number;
  /** On average, and at most. */
  readonly viewers: number;
  readonly viewersPeak: number;
  readonly bitrateInBps: number;
  readonly bitrateOutBps: number;
  readonly fps: number;
  /** Came, and could not be used, in that time. */
  readonly frames: number;
  readonly droppedFrames: number;
  /** From a frame's arrival to the playlist that lists it; null where nothing was measured. */
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly rebufferRatio: number | null;
}

/** One minute of a stream. */
export interface MinuteRow extends StreamPoint {
  readonly streamId: string;
}

export interface MinuteFilter {
  readonly streamId: string;
  /** Minutes that begin in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  /** The newest so many. */
  readonly limit: number;
}

export interface MinuteStore {
  /** Writes rows, in place of what was known of the same minutes. */
  save(rows: readonly MinuteRow[]): Promise<void>;
  /** Oldest first. */
  list(filter: MinuteFilter): Promise<readonly MinuteRow[]>;
  /** Removes at most `limit` that began before; tells how many. */
  removeBefore(atMs: number, limit: number): Promise<number>;
}
