import { CircuitBreaker } from '../base/circuit-breaker.ts';
import type { Clock } from '../base/clock.ts';
import { describeFailure } from '../base/failure-text.ts';
import type { Log } from '../observability/log.ts';
import { type NodeReport, readNodeReport, writeNodeReport } from './node-report.ts';

/** The way to the other nodes; every method settles soon. */
export interface Presence {
  /** Tells what this node has, and resolves with what the others told last. */
  exchange(report: string): Promise<readonly string[]>;
  leave(): Promise<void>;
  close(): void;
}

export interface SharedCountersOptions {
  readonly presence: Presence;
  readonly report: () => NodeReport;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

const exchangeEveryMs = 2000;
/** A single late answer changes nothing; with the second, what the others told is no longer believed. */
const failuresToDoubt = 2;

/** What is counted over all nodes: told and heard every two seconds. Where Redis does not answer, this node counts itself alone. */
export class SharedCounters {
  failures = 0;
  private readonly options: SharedCountersOptions;
  private readonly breaker = new CircuitBreaker();
  private readonly listeners = new Set<() => void>();
  private others: readonly NodeReport[] = [];
  private failuresInARow = 0;
  private awaySinceMs: number | undefined;
  private reason = '';
  private underWay: Promise<void> | undefined;
  private cancel = () => {};
  private isStopped = false;

  constructor(options: SharedCountersOptions) {
    this.options = options;
  }

  /** Makes the first exchange; whether it comes to something or not, others follow. */
  async start(): Promise<void> {
    await this.turn();
  }

  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.cancel();
    await this.underWay;
    await this.options.presence.leave().catch(() => {}); // its key expires
    this.options.presence.close();
  }

  /** Of the nodes that are there beside this one. */
  otherNodes(): readonly NodeReport[] {
    return this.others;
  }

  get isHealthy(): boolean {
    return this.awaySinceMs === undefined;
  }

  /** For who looks at the node. */
  warnings(): string[] {
    if (this.awaySinceMs === undefined) return [];
    const since = new Date(this.awaySinceMs).toISOString();
    return [`since ${since} Redis does not answer, and viewers of other nodes are not counted: ${this.reason}`];
  }

  /** Calls `listener` when Redis stops answering and when it answers again; the returned function ends that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private async turn(): Promise<void> {
    this.underWay = this.exchange();
    await this.underWay;
    if (!this.isStopped) this.cancel = this.options.clock.after(exchangeEveryMs, () => void this.turn());
  }

  private async exchange(): Promise<void> {
    const { presence, report, clock } = this.options;
    if (!this.breaker.mayTry(clock.monotonicMs())) return;
    try {
      const told = await presence.exchange(writeNodeReport(report()));
      this.others = told.map(readNodeReport).filter((node) => node !== undefined);
      this.breaker.succeeded();
      this.answered();
    } catch (error) {
      this.breaker.failed(clock.monotonicMs());
      this.failed(describeFailure(error));
    }
  }

  private answered(): void {
    this.failuresInARow = 0;
    if (this.awaySinceMs === undefined) return;
    const { clock, log } = this.options;
    log.info({ away_ms: clock.wallMs() - this.awaySinceMs }, 'Redis answers again: viewers of all nodes are counted');
    this.awaySinceMs = undefined;
    for (const listener of this.listeners) listener();
  }

  private failed(reason: string): void {
    this.failures++;
    this.failuresInARow++;
    this.reason = reason;
    if (this.failuresInARow < failuresToDoubt || this.awaySinceMs !== undefined) return;
    this.others = [];
    this.awaySinceMs = this.options.clock.wallMs();
    this.options.log.warn({ reason }, 'Redis does not answer: viewers of other nodes are not counted');
    for (const listener of this.listeners) listener();
  }
}
