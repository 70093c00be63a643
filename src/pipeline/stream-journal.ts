import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../base/clock.ts';
import { ReportCounter } from '../base/report-counter.ts';
import { TimeHistogram, type TimeHistogramFigures } from '../base/time-histogram.ts';
import type { Log } from '../observability/log.ts';
import { isPassingStoreError, isRepetition } from '../store/passing-error.ts';

/** Writes waiting for a store that is away; beyond this the oldest facts are given up, counted and logged. */
const maxWaiting = 10_000;
const retryDelayMs = 500;

const writeBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface JournalFigures {
  readonly waitingWrites: number;
  readonly lostWrites: number;
  /** How long writes took that succeeded. */
  readonly writeSeconds: TimeHistogramFigures;
}

interface Entry {
  readonly operation: () => Promise<unknown>;
  readonly onLost: (() => void) | undefined;
}

/**
 * Store writes in order, behind the backs of those who cause them: media never waits for a disk. A store that is away is
 * waited for as long as it takes; what waits is bounded.
 */
export class StreamJournal {
  /** Writes that were given up. */
  lostWrites = 0;
  private readonly log: Log;
  private readonly clock: Clock;
  private readonly writeSeconds = new TimeHistogram(writeBounds);
  private readonly losses: ReportCounter;
  private readonly waiting: Entry[] = [];
  private readonly closing = new AbortController();
  private running: Promise<void> | undefined;
  private isUnderWay = false;
  private isStalled = false;
  private hasGivenUp = false;
  /** Entries that were taken in so far, and those of them that are in the store or given up. */
  private taken = 0;
  private done = 0;
  /** Each waits for as many to be done, oldest first. */
  private settling: { readonly at: number; readonly resolve: () => void }[] = [];

  constructor(log: Log, clock: Clock = systemClock) {
    this.log = log;
    this.clock = clock;
    this.losses = new ReportCounter(clock);
  }

  get waitingWrites(): number {
    return this.waiting.length + (this.isUnderWay ? 1 : 0);
  }

  figures(): JournalFigures {
    const { waitingWrites, lostWrites } = this;
    return { waitingWrites, lostWrites, writeSeconds: this.writeSeconds.figures() };
  }

  /** `operation` may be called again after it failed; `onLost` hears that it will not be. */
  write(operation: () => Promise<unknown>, onLost?: () => void): void {
    if (this.hasGivenUp) {
      this.lose(
        { operation, onLost },
        'the store does not answer and the server stops; a write was given up',
        undefined,
      );
      return;
    }
    if (this.waiting.length >= maxWaiting) {
      this.lose(this.waiting.shift(), 'too many store writes are waiting; the oldest was given up', undefined);
      this.done++;
    }
    this.taken++;
    this.waiting.push({ operation, onLost });
    this.running ??= this.run();
  }

  /** Resolves when everything written so far is in the store or given up, whatever comes after, or when the store does not take it now. */
  async settled(): Promise<void> {
    const at = this.taken;
    if (this.done === at || this.isStalled) return;
    await new Promise<void>((resolve) => this.settling.push({ at, resolve }));
  }

  /** Ends when what was written is in the store. One that does not answer gets one more chance, and then everything is given up. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    for (let entry = this.waiting.shift(); entry !== undefined; entry = this.waiting.shift()) {
      this.isUnderWay = true;
      await this.attempt(entry);
      this.isUnderWay = false;
      this.done++;
      this.tellSettled(this.done);
    }
    this.running = undefined;
  }

  private async attempt(entry: Entry): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const isLastChance = this.closing.signal.aborted;
      const sinceMs = this.clock.monotonicMs();
      try {
        await entry.operation();
        this.writeSeconds.add((this.clock.monotonicMs() - sinceMs) / 1000);
        this.isStalled = false;
        return;
      } catch (error) {
        // What failed before may have been done all the same: its answer was lost, not the write.
        if (attempt > 1 && isRepetition(error)) {
          this.isStalled = false;
          return;
        }
        if (!isPassingStoreError(error)) {
          this.isStalled = false;
          return this.lose(entry, 'a store write failed', error);
        }
        if (isLastChance) return this.giveUp(entry, error);
        this.isStalled = true;
        this.tellSettled(Number.POSITIVE_INFINITY);
        await delay(retryDelayMs, undefined, { signal: this.closing.signal }).catch(() => {});
      }
    }
  }

  private giveUp(entry: Entry, error: unknown): void {
    this.hasGivenUp = true;
    this.done += this.waiting.length;
    const given = [entry, ...this.waiting.splice(0)];
    for (const { onLost } of given) onLost?.();
    this.lostWrites += given.length;
    this.log.error(
      { err: error, writes: given.length, lost_writes: this.lostWrites },
      'the store does not answer and the server stops; what waited for it was given up',
    );
  }

  private lose(entry: Entry | undefined, sentence: string, error: unknown): void {
    this.lostWrites++;
    entry?.onLost?.();
    this.losses.count((count) => this.log.error({ err: error, count, lost_writes: this.lostWrites }, sentence));
  }

  private tellSettled(done: number): void {
    while (this.settling.length > 0 && this.settling[0]!.at <= done) this.settling.shift()!.resolve();
  }
}
