import type { Clock } from '../base/clock.ts';
import { ReportCounter } from '../base/report-counter.ts';
import type { Log } from '../observability/log.ts';
import type { MinuteRow, MinuteStore } from '../store/ports/minute-store.ts';

/** So many rows may wait for a store that does not take them: two hours of a hundred streams. */
const maxWaiting = 12_000;
const batchRows = 500;
const pruneEveryMs = 3_600_000;
const pruneRows = 2000;

export interface MinuteArchiveOptions {
  readonly clock: Clock;
  readonly minutes: Pick<MinuteStore, 'save' | 'removeBefore'>;
  /** `analytics.retention`. */
  readonly retentionMs: number;
  readonly log: Pick<Log, 'warn'>;
}

/** Minutes of streams on their way into the store, never waited for. The oldest are given up when there are too many. */
export class MinuteArchive {
  rowsLost = 0;
  private readonly options: MinuteArchiveOptions;
  private readonly warnings: ReportCounter;
  private waiting: MinuteRow[] = [];
  private writing: Promise<void> | undefined;
  private nextPruneMs: number;

  constructor(options: MinuteArchiveOptions) {
    this.options = options;
    this.warnings = new ReportCounter(options.clock, 60_000);
    this.nextPruneMs = options.clock.monotonicMs();
  }

  add(rows: readonly MinuteRow[]): void {
    this.waiting.push(...rows);
    const excess = this.waiting.length - maxWaiting;
    if (excess <= 0) return;
    this.waiting.splice(0, excess);
    this.rowsLost += excess;
  }

  /** Once a second: writes what waits, unless that is under way. */
  tick(): void {
    const isPruning = this.options.clock.monotonicMs() >= this.nextPruneMs;
    if (this.writing !== undefined || (this.waiting.length === 0 && !isPruning)) return;
    this.writing = this.write(isPruning).finally(() => {
      this.writing = undefined;
    });
  }

  /** Writes all that is left. */
  async close(): Promise<void> {
    await this.writing;
    while (this.waiting.length > 0 && (await this.save(this.waiting.slice(0, batchRows)))) {
      this.waiting.splice(0, batchRows);
    }
  }

  private async write(isPruning: boolean): Promise<void> {
    const rows = this.waiting.splice(0, batchRows);
    if (rows.length > 0 && !(await this.save(rows))) this.waiting.unshift(...rows);
    if (isPruning) await this.prune();
  }

  private async save(rows: readonly MinuteRow[]): Promise<boolean> {
    try {
      await this.options.minutes.save(rows);
      return true;
    } catch (err) {
      this.warnings.count((count) => this.options.log.warn({ err, count }, 'minutes of streams could not be saved'));
      return false;
    }
  }

  private async prune(): Promise<void> {
    const { clock, minutes, retentionMs, log } = this.options;
    this.nextPruneMs = clock.monotonicMs() + pruneEveryMs;
    try {
      // Once more at once while there is more than a breath's work.
      const removed = await minutes.removeBefore(clock.wallMs() - retentionMs, pruneRows);
      if (removed === pruneRows) this.nextPruneMs = clock.monotonicMs();
    } catch (err) {
      log.warn({ err }, 'minutes of streams whose time is over could not be removed');
    }
  }
}
