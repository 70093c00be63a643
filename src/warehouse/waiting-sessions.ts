import type { SessionRow } from '../store/ports/session-store.ts';

/** A viewer who left may come back to its session for a minute at most: until then what is told again replaces what was told. */
const defaultHoldMs = 65_000;
const batchAgeMs = 2000;
const batchRows = 10_000;
const batchBytes = 4 * 1024 * 1024;
const maxRows = 200_000;

interface WaitingSession {
  row: SessionRow;
  readonly sizeBytes: number;
  readonly dueMs: number;
}

/** Sessions that have ended, in memory until they are sure to have, and make a batch: 10,000 of them, 4 MiB, or what has been due for two seconds. */
export class WaitingSessions {
  dropped = 0;
  private readonly holdMs: number;
  /** In the order they were first told. */
  private readonly waiting = new Map<string, WaitingSession>();

  constructor(holdMs = defaultHoldMs) {
    this.holdMs = holdMs;
  }

  get size(): number {
    return this.waiting.size;
  }

  add(row: SessionRow, nowMs: number): void {
    const known = this.waiting.get(row.id);
    if (known !== undefined) known.row = row;
    else if (this.waiting.size >= maxRows) this.dropped++;
    else this.waiting.set(row.id, { row, sizeBytes: 600 + 80 * row.qualities.length, dueMs: nowMs + this.holdMs });
  }

  /** The next batch; empty while there is none. `all`: also of what is not due. */
  take(nowMs: number, all = false): SessionRow[] {
    const rows: SessionRow[] = [];
    let sizeBytes = 0;
    let isFull = false;
    let firstDueMs = Number.POSITIVE_INFINITY;
    for (const { row, sizeBytes: bytes, dueMs } of this.waiting.values()) {
      if (!all && dueMs > nowMs) break;
      isFull = rows.length === batchRows || sizeBytes + bytes > batchBytes;
      if (isFull) break;
      firstDueMs = Math.min(firstDueMs, dueMs);
      rows.push(row);
      sizeBytes += bytes;
    }
    if (!all && !isFull && rows.length < batchRows && nowMs - firstDueMs < batchAgeMs) return [];
    for (const { id } of rows) this.waiting.delete(id);
    return rows;
  }
}
