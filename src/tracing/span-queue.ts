import type { Clock } from '../base/clock.ts';
import type { FinishedSpan } from './span.ts';

/** What became of spans that were sent. */
export type SendOutcome =
  | { readonly type: 'taken' }
  /** Not now: they are sent again. */
  | { readonly type: 'unreachable'; readonly why: string }
  /** They would be refused again. */
  | { readonly type: 'refused'; readonly why: string };

export interface SpanQueueOptions {
  readonly send: (spans: readonly FinishedSpan[]) => Promise<SendOutcome>;
  readonly clock: Clock;
  /** The receiver does not take spans any more, or (undefined) takes them again. */
  readonly onTrouble: (why: string | undefined) => void;
}

export interface SpanQueueStats {
  readonly sent: number;
  /** Given up because too many were waiting, or because the receiver refused them. */
  readonly dropped: number;
  readonly waiting: number;
  /** Why the receiver does not take any; undefined while it does. */
  readonly trouble: string | undefined;
}

/** About 2 MB. */
const maxWaiting = 2048;
const maxBatch = 256;
const gatherMs = 1000;
const retryMs = 5000;

/** Spans on their way to a receiver: a few at a time, one batch after another. While it is away the oldest are given up. */
export class SpanQueue {
  private readonly options: SpanQueueOptions;
  private readonly waiting: FinishedSpan[] = [];
  private sent = 0;
  private dropped = 0;
  private trouble: string | undefined;
  private cancelTimer: (() => void) | undefined;
  private sending: Promise<void> | undefined;
  private isStopped = false;

  constructor(options: SpanQueueOptions) {
    this.options = options;
  }

  add(span: FinishedSpan): void {
    this.waiting.push(span);
    this.dropSurplus();
    this.schedule(gatherMs);
  }

  stats(): SpanQueueStats {
    const { sent, dropped, waiting, trouble } = this;
    return { sent, dropped, waiting: waiting.length, trouble };
  }

  /** Sends what is waiting, unless the receiver is known to be away. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.cancelTimer?.();
    await this.sending;
    while (this.waiting.length > 0 && this.trouble === undefined) await this.sendBatch();
  }

  private schedule(delayMs: number): void {
    if (this.isStopped || this.cancelTimer !== undefined || this.sending !== undefined) return;
    this.cancelTimer = this.options.clock.after(delayMs, () => {
      this.cancelTimer = undefined;
      this.sending = this.sendBatch().finally(() => {
        this.sending = undefined;
        if (this.waiting.length > 0) this.schedule(this.trouble === undefined ? gatherMs : retryMs);
      });
    });
  }

  private async sendBatch(): Promise<void> {
    const batch = this.waiting.splice(0, maxBatch);
    const outcome = await this.options.send(batch);
    if (outcome.type === 'taken') {
      this.sent += batch.length;
      this.tell(undefined);
      return;
    }
    if (outcome.type === 'refused') {
      this.dropped += batch.length;
    } else {
      this.waiting.unshift(...batch);
      this.dropSurplus();
    }
    this.tell(outcome.why);
  }

  private dropSurplus(): void {
    const surplus = this.waiting.length - maxWaiting;
    if (surplus > 0) this.dropped += this.waiting.splice(0, surplus).length;
  }

  private tell(trouble: string | undefined): void {
    const isNews = (this.trouble === undefined) !== (trouble === undefined);
    this.trouble = trouble;
    if (isNews) this.options.onTrouble(trouble);
  }
}
