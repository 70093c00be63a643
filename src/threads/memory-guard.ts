import type { Clock } from '../base/clock.ts';
import type { Log } from '../observability/log.ts';
import type { FeedHub } from './feed-hub.ts';

/** How tight memory is: `short`: playlists list only what they must. `full`: besides, nobody new may publish. */
export type MemoryLevel = 'ample' | 'short' | 'full';

/** Shares of the budget at which a level begins, and below which it ends. */
const limits = { short: { from: 0.8, until: 0.6 }, full: { from: 0.95, until: 0.9 } } as const;
/** Playlists may not be shorter than this many target durations. */
const leastTargetDurations = 6;
const lookEveryMs = 1000;

/**
 * Keeps the media of all windows within a budget: first what can be watched back is shortened, then new publishers are refused;
 * a broadcast that runs is never ended for it.
 */
export class MemoryGuard {
  level: MemoryLevel = 'ample';
  readonly budgetBytes: number;
  private readonly hub: FeedHub;
  private readonly clock: Clock;
  private readonly log: Pick<Log, 'warn'>;
  /** How long windows were before they were shortened, ms. */
  private readonly wished = new Map<string, number>();
  private cancel = () => {};

  constructor(budgetBytes: number, hub: FeedHub, clock: Clock, log: Pick<Log, 'warn'>) {
    this.budgetBytes = budgetBytes;
    this.hub = hub;
    this.clock = clock;
    this.log = log;
  }

  start(): void {
    this.cancel = this.clock.after(lookEveryMs, () => {
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.cancel();
  }

  private look(): void {
    const usedBytes = this.hub.table.sizeBytes;
    const level = nextLevel(this.level, usedBytes / this.budgetBytes);
    if (level !== this.level) {
      this.level = level;
      this.log.warn({ used_bytes: usedBytes, budget_bytes: this.budgetBytes }, sentences[level]);
    }
    if (level === 'ample') this.restoreWindows();
    else this.shortenWindows();
  }

  private shortenWindows(): void {
    for (const { stream, isEnded } of this.hub.delivery.streamWindows) {
      const { streamId, windowMs, targetDurationSeconds } = stream;
      const leastMs = targetDurationSeconds * leastTargetDurations * 1000;
      if (isEnded || windowMs <= leastMs) continue;
      this.wished.set(streamId, windowMs);
      this.hub.apply([{ type: 'window', streamId, windowMs: leastMs }]);
    }
  }

  private restoreWindows(): void {
    for (const [streamId, windowMs] of this.wished) this.hub.apply([{ type: 'window', streamId, windowMs }]);
    this.wished.clear();
  }
}

const sentences: Record<MemoryLevel, string> = {
  ample: 'memory for media is ample again: playlists grow back to hls.window, and everybody may publish',
  short: 'memory for media is short: playlists list only six target durations from now on',
  full: 'memory for media is used up: nobody new may publish until some is free',
};

function nextLevel(level: MemoryLevel, share: number): MemoryLevel {
  if (share >= limits.full.from || (level === 'full' && share >= limits.full.until)) return 'full';
  if (share >= limits.short.from || (level !== 'ample' && share >= limits.short.until)) return 'short';
  return 'ample';
}
