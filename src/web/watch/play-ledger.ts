/** What a viewer experienced of one broadcast so far. */
export interface PlayFigures {
  /** From the wish to watch to the first picture that moved; undefined before that. */
  readonly startupMs: number | undefined;
  /** How long pictures moved. */
  readonly watchedMs: number;
  readonly stalls: number;
  /** How long the picture stood still although it should have moved. */
  readonly stalledMs: number;
}

type PlayState = 'starting' | 'playing' | 'stalled' | 'resting';

/** Keeps account of one play. All times come from one clock that only grows, ms. */
export class PlayLedger {
  state: PlayState = 'starting';
  private startedMs: number;
  private sinceMs: number;
  private startupMs: number | undefined;
  private watchedMs = 0;
  private stalls = 0;
  private stalledMs = 0;

  /** `startedMs`: when somebody wished to watch. */
  constructor(startedMs: number) {
    this.startedMs = startedMs;
    this.sinceMs = startedMs;
  }

  /** The browser lets nothing play until the viewer has touched the page: that time is nobody's fault. */
  beganAt(nowMs: number): void {
    if (this.startupMs === undefined) this.startedMs = nowMs;
  }

  playing(nowMs: number): void {
    this.startupMs ??= nowMs - this.startedMs;
    this.enter('playing', nowMs);
  }

  /** There is nothing to show. Before the first picture that is the start, and not a stall. */
  waiting(nowMs: number): void {
    if (this.state !== 'playing') return;
    this.stalls++;
    this.enter('stalled', nowMs);
  }

  /** The viewer stopped it, looks for another place, or it is over. */
  resting(nowMs: number): void {
    if (this.startupMs !== undefined) this.enter('resting', nowMs);
  }

  figures(nowMs: number): PlayFigures {
    const { startupMs, stalls, state } = this;
    const lastMs = nowMs - this.sinceMs;
    return {
      startupMs,
      watchedMs: this.watchedMs + (state === 'playing' ? lastMs : 0),
      stalls,
      stalledMs: this.stalledMs + (state === 'stalled' ? lastMs : 0),
    };
  }

  private enter(state: PlayState, nowMs: number): void {
    const { watchedMs, stalledMs } = this.figures(nowMs);
    this.watchedMs = watchedMs;
    this.stalledMs = stalledMs;
    this.state = state;
    this.sinceMs = nowMs;
  }
}
