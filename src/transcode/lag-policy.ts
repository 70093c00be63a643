/** What is done about a transcoder that falls behind, and when it has caught up. */
export type LagReaction =
  /** Frames that no other frame needs are not fed any more. */
  | 'drop-non-reference'
  | 'feed-all'
  /** The top rung is given up. */
  | 'shed-rung'
  /** One rung that was given up is tried again; once a broadcast. */
  | 'restore-rung'
  /** Nothing is fed until a keyframe finds ffmpeg caught up. */
  | 'skip-to-keyframe';

export interface LagSample {
  readonly nowMs: number;
  /** Newest PTS fed less newest PTS got back, of the rung that is furthest behind. */
  readonly lagMs: number;
  /** Of the feed, still in this process. */
  readonly backlogBytes: number;
  /** More than one rung runs. */
  readonly canShed: boolean;
}

const mildLagMs = 500;
const severeLagMs = 1500;
const hopelessLagMs = 4000;
const calmLagMs = 150;
const reactAfterMs = 3000;
const calmAfterMs = 5000;
const restoreAfterMs = 60_000;
const settleMs = 10_000;
const maxBacklogBytes = 8 << 20;

/** Looks at the lag once a second and answers with at most one reaction. Knows no ffmpeg. */
export class LagPolicy {
  private mildSinceMs: number | undefined;
  private severeSinceMs: number | undefined;
  private calmSinceMs: number | undefined;
  private settlesAtMs = Number.NEGATIVE_INFINITY;
  private replayBytes = 0;
  private isDropping = false;
  private shedCount = 0;
  private hasRestored = false;

  /** A session began by replaying `replayMs` of media: being behind is no wonder until it has had time to catch up. */
  restarted(nowMs: number, replayMs: number, replayBytes: number): void {
    this.settlesAtMs = nowMs + settleMs + replayMs;
    this.replayBytes = replayBytes;
    this.resetTimes();
  }

  sample({ nowMs, lagMs, backlogBytes, canShed }: LagSample): LagReaction | undefined {
    if (nowMs < this.settlesAtMs) {
      if (lagMs < mildLagMs) this.settlesAtMs = nowMs;
      else return backlogBytes > maxBacklogBytes + this.replayBytes ? 'skip-to-keyframe' : undefined;
    }
    this.mildSinceMs = lagMs > mildLagMs ? (this.mildSinceMs ?? nowMs) : undefined;
    this.severeSinceMs = lagMs > severeLagMs ? (this.severeSinceMs ?? nowMs) : undefined;
    this.calmSinceMs = lagMs < calmLagMs ? (this.calmSinceMs ?? nowMs) : undefined;
    if (isOver(this.severeSinceMs, nowMs, reactAfterMs) && canShed) {
      this.resetTimes();
      this.shedCount++;
      return 'shed-rung';
    }
    if (lagMs > hopelessLagMs || backlogBytes > maxBacklogBytes) return 'skip-to-keyframe';
    if (isOver(this.mildSinceMs, nowMs, reactAfterMs) && !this.isDropping) {
      this.isDropping = true;
      return 'drop-non-reference';
    }
    return this.calmDown(nowMs);
  }

  private calmDown(nowMs: number): LagReaction | undefined {
    if (this.isDropping && isOver(this.calmSinceMs, nowMs, calmAfterMs)) {
      this.isDropping = false;
      return 'feed-all';
    }
    if (this.shedCount > 0 && !this.hasRestored && isOver(this.calmSinceMs, nowMs, restoreAfterMs)) {
      this.hasRestored = true;
      this.shedCount--;
      this.resetTimes();
      return 'restore-rung';
    }
    return undefined;
  }

  private resetTimes(): void {
    this.mildSinceMs = undefined;
    this.severeSinceMs = undefined;
    this.calmSinceMs = undefined;
  }
}

function isOver(sinceMs: number | undefined, nowMs: number, forMs: number): boolean {
  return sinceMs !== undefined && nowMs - sinceMs >= forMs;
}
