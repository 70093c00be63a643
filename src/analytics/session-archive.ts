import type { Clock } from '../base/clock.ts';
import { ReportCounter } from '../base/report-counter.ts';
import type { Log } from '../observability/log.ts';
import type { SessionRow, SessionStore } from '../store/ports/session-store.ts';
import type { StreamAudience } from './stream-audience.ts';

export interface SessionArchiveOptions {
  readonly clock: Clock;
  readonly store: Pick<SessionStore, 'save' | 'open' | 'remove' | 'removeEndedBefore'>;
  readonly node: string;
  readonly retentionMs: number;
  readonly log: Log;
}

/** What is done in one second. */
interface Turn {
  readonly ended: readonly SessionRow[];
  readonly rows: readonly SessionRow[];
  readonly removable: readonly string[];
  readonly isPruning: boolean;
}

/** So many rows are written at once, and so many of those that have ended may wait. */
const batchRows = 500;
const maxWaiting = 50_000;
/** A session that was last seen longer ago than this is not gone on with after a restart: its viewer may well be another. */
const takeUpMs = 60_000;
const pruneEveryMs = 3_600_000;

/**
 * Sessions in the store. Those that go on are written again and again, some each second in turn, so that a server that crashes has them when
 * it comes back, and nobody is counted twice.
 */
export class SessionArchive {
  rowsLost = 0;
  private readonly options: SessionArchiveOptions;
  private readonly warnings: ReportCounter;
  private waiting: SessionRow[] = [];
  /** Ids of rows that may have been written and are nobody's. */
  private removable: string[] = [];
  private writing: Promise<void> | undefined;
  private nextPruneMs: number;
  /** Where the turn of those that go on is: the order of a map is that of arrival. */
  private turn = 0;

  constructor(options: SessionArchiveOptions) {
    this.options = options;
    this.warnings = new ReportCounter(options.clock, 60_000);
    this.nextPruneMs = options.clock.monotonicMs();
  }

  /** Sessions that can be gone on with; the others are ended as they were last seen. */
  async takeUp(nowMs: number): Promise<readonly SessionRow[]> {
    const { store, node } = this.options;
    const open = await store.open(node);
    const over = open.filter(({ seenAtMs }) => nowMs - seenAtMs > takeUpMs);
    await this.save(over.map((row) => ({ ...row, endedAtMs: row.seenAtMs })));
    return open.filter(({ seenAtMs }) => nowMs - seenAtMs <= takeUpMs);
  }

  ended(row: SessionRow): void {
    if (this.waiting.length < maxWaiting) this.waiting.push(row);
    else this.rowsLost++;
  }

  /** It was written as one of those that go on, perhaps, and is another one now. */
  merged(sessionId: string): void {
    if (this.removable.length < maxWaiting) this.removable.push(sessionId);
  }

  /** Once a second. Never waits: where the store is slow, the next call goes on. */
  tick(streams: ReadonlyMap<string, StreamAudience>): void {
    if (this.writing !== undefined) return;
    const ended = this.waiting.splice(0, batchRows);
    const rows = [...ended, ...this.nextOpen(streams, batchRows - ended.length)];
    const isPruning = this.options.clock.monotonicMs() >= this.nextPruneMs;
    const removable = this.removable.splice(0, batchRows);
    if (rows.length + removable.length === 0 && !isPruning) return;
    this.writing = this.write({ ended, rows, removable, isPruning }).finally(() => {
      this.writing = undefined;
    });
  }

  /** Writes all that is left. */
  async close(open: readonly SessionRow[]): Promise<void> {
    await this.writing;
    const rows = [...this.waiting.splice(0), ...open];
    for (let at = 0; at < rows.length; at += batchRows) await this.save(rows.slice(at, at + batchRows));
    while (this.removable.length > 0) await this.remove(this.removable.splice(0, batchRows));
  }

  private async write({ ended, rows, removable, isPruning }: Turn): Promise<void> {
    const isSaved = await this.save(rows);
    // Those that go on come again anyway.
    if (!isSaved) for (const row of ended) this.ended(row);
    if (!(await this.remove(removable))) for (const id of removable) this.merged(id);
    if (isPruning) await this.prune();
  }

  private async remove(ids: readonly string[]): Promise<boolean> {
    return ids.length === 0 || (await this.attempt(() => this.options.store.remove(ids)));
  }

  private async save(rows: readonly SessionRow[]): Promise<boolean> {
    return this.attempt(() => this.options.store.save(rows));
  }

  private async attempt(change: () => Promise<void>): Promise<boolean> {
    try {
      await change();
      return true;
    } catch (err) {
      this.warnings.count((count) => this.options.log.warn({ err, count }, 'viewer sessions could not be saved'));
      return false;
    }
  }

  private async prune(): Promise<void> {
    const { store, clock, retentionMs, log } = this.options;
    this.nextPruneMs = clock.monotonicMs() + pruneEveryMs;
    try {
      // Once more soon while there is more than a breath's work.
      const removed = await store.removeEndedBefore(clock.wallMs() - retentionMs, 2000);
      if (removed === 2000) this.nextPruneMs = clock.monotonicMs();
    } catch (err) {
      log.warn({ err }, 'viewer sessions whose time is over could not be removed');
    }
  }

  private nextOpen(streams: ReadonlyMap<string, StreamAudience>, limit: number): SessionRow[] {
    const rows: SessionRow[] = [];
    let position = 0;
    for (const [streamId, { sessions }] of streams) {
      for (const session of sessions.values()) {
        if (position++ < this.turn || !session.isLive) continue;
        rows.push(session.row(streamId, this.options.node));
        if (rows.length < limit) continue;
        this.turn = position;
        return rows;
      }
    }
    this.turn = 0;
    return rows;
  }
}
