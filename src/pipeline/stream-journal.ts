import { setTimeout as delay } from 'node:timers/promises';
import { isStreamctlError } from '../base/errors.ts';
import type { Log } from '../observability/log.ts';

/** Writes waiting for a store that is away; beyond this the oldest facts are given up, counted and logged. */
const maxWaiting = 10_000;
const retryDelayMs = 500;
const maxAttempts = 120;

const passingErrors = new Set(['STORE_LOCKED', 'STORE_FULL', 'STORE_THREAD_DIED']);

/** Store writes in order, behind the backs of those who cause them: media never waits for a disk. */
export class StreamJournal {
  /** Writes that were given up. */
  lostWrites = 0;
  private readonly log: Log;
  private readonly waiting: (() => Promise<unknown>)[] = [];
  private running: Promise<void> | undefined;
  private isClosing = false;

  constructor(log: Log) {
    this.log = log;
  }

  get waitingWrites(): number {
    return this.waiting.length;
  }

  write(operation: () => Promise<unknown>): void {
    if (this.waiting.length >= maxWaiting) {
      this.waiting.shift();
      this.lose('too many store writes are waiting; the oldest was given up', undefined);
    }
    this.waiting.push(operation);
    this.running ??= this.run();
  }

  /** Resolves when everything written so far is in the store or given up. */
  async settled(): Promise<void> {
    await this.running;
  }

  /** As `settled`, but a write that fails from now on is not tried again. */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.running;
  }

  private async run(): Promise<void> {
    for (let operation = this.waiting.shift(); operation !== undefined; operation = this.waiting.shift()) {
      await this.attempt(operation);
    }
    this.running = undefined;
  }

  private async attempt(operation: () => Promise<unknown>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await operation();
        return;
      } catch (error) {
        const mayPass = isStreamctlError(error) && passingErrors.has(error.code);
        if (!mayPass || attempt >= maxAttempts || this.isClosing) {
          this.lose('a store write failed', error);
          return;
        }
        if (attempt === 1) this.log.warn({ error: error.message }, 'the store does not take writes; they wait');
        await delay(retryDelayMs);
      }
    }
  }

  private lose(sentence: string, error: unknown): void {
    this.lostWrites++;
    this.log.error({ err: error, lost_writes: this.lostWrites }, sentence);
  }
}
