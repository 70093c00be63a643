import { randomBytes } from 'node:crypto';
import type { SessionSink } from '../analytics/ports.ts';
import { CircuitBreaker } from '../base/circuit-breaker.ts';
import type { Clock } from '../base/clock.ts';
import { describeFailure } from '../base/failure-text.ts';
import { ReportCounter } from '../base/report-counter.ts';
import type { Log } from '../observability/log.ts';
import type { SessionRow } from '../store/ports/session-store.ts';
import { type ClickHouseClient, ClickHouseError } from './clickhouse-client.ts';
import { createSchema, dropDaysBefore } from './clickhouse-schema.ts';
import { DiskSpool } from './disk-spool.ts';
import { insertSessions, type SessionBatch } from './session-inserts.ts';
import { WaitingSessions } from './waiting-sessions.ts';

export interface WarehouseOptions {
  readonly client: ClickHouseClient;
  readonly spoolFolder: string;
  readonly spoolBytes: number;
  readonly retentionMs: number;
  /** Undefined: nobody knows the stream (any more). Rejects while the store does not answer. */
  readonly channelOf: (streamId: string) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** How long a session is held before it is sure to have ended. */
  readonly holdMs?: number;
}

export interface WarehouseStats {
  readonly isHealthy: boolean;
  /** Sessions in memory, and on disk. */
  readonly waiting: number;
  readonly spooledBytes: number;
  readonly spooledRows: number;
  readonly delivered: number;
  /** For lack of room, or because ClickHouse would not take them. */
  readonly dropped: number;
  readonly inserts: number;
  readonly insertSeconds: number;
}

const turnEveryMs = 500;
const retentionEveryMs = 3_600_000;
const maxKnownChannels = 1000;
/** Errors that are about the rows: CANNOT_PARSE_*, ARGUMENT_OUT_OF_BOUND, a Date or a number out of range. */
const refusals: ReadonlySet<number> = new Set([26, 27, 38, 69, 72]);

/**
 * Sessions on their way to ClickHouse: from memory into files, from files into ClickHouse, oldest first. Nobody who tells of a session waits,
 * and what ClickHouse does not take yet stays on disk.
 */
export class SessionWarehouse implements SessionSink {
  private readonly options: WarehouseOptions;
  private readonly waiting: WaitingSessions;
  private readonly spool: DiskSpool;
  private readonly breaker = new CircuitBreaker();
  private readonly reports: ReportCounter;
  private readonly channels = new Map<string, string>();
  /** Batches of this server that were never tried: nobody has to ask whether they are there. */
  private readonly untried = new Set<string>();
  private readonly counts = { delivered: 0, lost: 0, inserts: 0, insertMs: 0 };
  private isSchemaKnown = false;
  private nextRetentionMs = 0;
  private awaySinceMs: number | undefined;
  private reason = '';
  private saving = Promise.resolve();
  private delivering: Promise<void> | undefined;
  private isStopped = false;
  private cancel = () => {};

  constructor(options: WarehouseOptions) {
    this.options = options;
    this.waiting = new WaitingSessions(options.holdMs);
    this.spool = new DiskSpool(options.spoolFolder, options.spoolBytes);
    this.reports = new ReportCounter(options.clock, 60_000);
  }

  async start(): Promise<void> {
    await this.spool.open();
    this.turnLater();
  }

  /** Saves what is left on disk; it is delivered by the next start, unless a last attempt succeeds. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.cancel();
    await this.delivering;
    await this.saving;
    while (this.waiting.size > 0) await this.save(true);
    if (this.awaySinceMs === undefined) await this.deliver();
    await this.options.client.close();
  }

  ended(sessions: readonly SessionRow[]): void {
    const nowMs = this.options.clock.monotonicMs();
    for (const row of sessions) this.waiting.add(row, nowMs);
  }

  stats(): WarehouseStats {
    const { delivered, lost, inserts, insertMs } = this.counts;
    return {
      isHealthy: this.awaySinceMs === undefined,
      waiting: this.waiting.size,
      spooledBytes: this.spool.sizeBytes,
      spooledRows: this.spool.rows,
      delivered,
      dropped: lost + this.waiting.dropped + this.spool.rowsDropped,
      inserts,
      insertSeconds: insertMs / 1000,
    };
  }

  /** For who looks at the node. */
  warnings(): string[] {
    const { dropped, spooledRows, spooledBytes } = this.stats();
    const lines: string[] = [];
    if (this.awaySinceMs !== undefined) {
      const since = new Date(this.awaySinceMs).toISOString();
      const waits = `${spooledRows} viewer sessions wait on disk (${Math.ceil(spooledBytes / 1e6)} MB)`;
      lines.push(`since ${since} ClickHouse does not take viewer sessions: ${this.reason}; ${waits}`);
    }
    if (dropped > 0) lines.push(`${dropped} viewer sessions never got to ClickHouse`);
    return lines;
  }

  private turnLater(): void {
    this.cancel = this.options.clock.after(turnEveryMs, () => {
      this.saving = this.save(false);
      this.delivering ??= this.deliver().finally(() => {
        this.delivering = undefined;
      });
      void this.saving.then(() => !this.isStopped && this.turnLater());
    });
  }

  /** A batch from memory to disk. */
  private async save(all: boolean): Promise<void> {
    const rows = this.waiting.take(this.options.clock.monotonicMs(), all);
    if (rows.length === 0) return;
    const id = randomBytes(12).toString('hex');
    this.untried.add(id);
    try {
      await this.spool.add({ id, rows });
    } catch (error) {
      this.untried.delete(id);
      this.counts.lost += rows.length;
      this.warn(error, 'viewer sessions could not be saved on their way to ClickHouse');
    }
  }

  /** Batches from disk to ClickHouse, until there are none or one fails. */
  private async deliver(): Promise<void> {
    const { clock, client, retentionMs } = this.options;
    if (!this.breaker.mayTry(clock.monotonicMs())) return;
    try {
      if (!this.isSchemaKnown) await createSchema(client);
      this.isSchemaKnown = true;
      for (let batch = await this.nextBatch(); batch !== undefined; batch = await this.nextBatch()) {
        if (await this.insert(batch)) await this.spool.remove(batch.id);
        else await this.spool.dropOldest();
        this.answered();
        if (this.isStopped && this.spool.rows > 0) break; // the rest by the next start
      }
      this.answered();
      if (clock.monotonicMs() < this.nextRetentionMs) return;
      this.nextRetentionMs = clock.monotonicMs() + retentionEveryMs;
      await dropDaysBefore(client, clock.wallMs() - retentionMs);
    } catch (error) {
      this.failed(error);
    }
  }

  private async nextBatch(): Promise<SessionBatch | undefined> {
    try {
      return await this.spool.oldest();
    } catch (error) {
      if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.warn(error, 'viewer sessions on disk cannot be read and are given up');
      await this.spool.dropOldest();
      return await this.nextBatch();
    }
  }

  /** Whether ClickHouse has taken it; false: it never will. */
  private async insert(batch: SessionBatch): Promise<boolean> {
    const channels = await this.channelsOf(batch);
    const mayBeThere = !this.untried.delete(batch.id);
    const sinceMs = performance.now();
    try {
      await insertSessions(this.options.client, batch, channels, mayBeThere);
    } catch (error) {
      if (!(error instanceof ClickHouseError) || !refusals.has(error.number)) throw error;
      this.warn(error, 'ClickHouse refuses a batch of viewer sessions, which is given up');
      return false;
    }
    this.counts.inserts++;
    this.counts.insertMs += performance.now() - sinceMs;
    this.counts.delivered += batch.rows.length;
    return true;
  }

  private async channelsOf({ rows }: SessionBatch): Promise<ReadonlyMap<string, string>> {
    if (this.channels.size > maxKnownChannels) this.channels.clear();
    for (const streamId of new Set(rows.map((row) => row.streamId))) {
      if (!this.channels.has(streamId)) this.channels.set(streamId, (await this.options.channelOf(streamId)) ?? '');
    }
    return this.channels;
  }

  private answered(): void {
    this.breaker.succeeded();
    if (this.awaySinceMs === undefined) return;
    const { clock, log } = this.options;
    log.info({ away_ms: clock.wallMs() - this.awaySinceMs }, 'ClickHouse takes viewer sessions again');
    this.awaySinceMs = undefined;
  }

  private failed(error: unknown): void {
    const { clock } = this.options;
    this.breaker.failed(clock.monotonicMs());
    this.reason = describeFailure(error);
    this.isSchemaKnown = false; // somebody may bring up an empty one
    if (this.awaySinceMs !== undefined) return;
    this.awaySinceMs = clock.wallMs();
    this.warn(error, 'ClickHouse does not take viewer sessions: they wait on disk');
  }

  private warn(error: unknown, sentence: string): void {
    this.reports.count((count) => this.options.log.warn({ reason: describeFailure(error), count }, sentence));
  }
}
