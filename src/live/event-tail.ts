import type { Clock } from '../base/clock.ts';
import { ReportCounter } from '../base/report-counter.ts';
import type { Log } from '../observability/log.ts';
import type { EventRow, EventStore } from '../store/ports/event-store.ts';

const pageSize = 500;
/** Events that another process wrote are found after this. */
const pollMs = 10_000;

export interface EventTailOptions {
  readonly clock: Clock;
  readonly events: Pick<EventStore, 'list' | 'newestId'>;
  /** Each event that is written from now on, in order. */
  readonly tell: (event: EventRow) => void;
  readonly log: Pick<Log, 'warn'>;
}

/** Reads the events of the store as they are written. */
export class EventTail {
  private readonly options: EventTailOptions;
  private readonly warnings: ReportCounter;
  private lastId = 0;
  private reading: Promise<void> | undefined;
  private isMoreKnown = false;
  private hasEnded = false;
  private cancel = () => {};

  constructor(options: EventTailOptions) {
    this.options = options;
    this.warnings = new ReportCounter(options.clock, 60_000);
  }

  async start(): Promise<void> {
    this.lastId = await this.options.events.newestId();
    this.pollLater();
  }

  async stop(): Promise<void> {
    this.hasEnded = true;
    this.cancel();
    await this.reading;
  }

  /** Something may have been written. */
  readonly wake = (): void => {
    this.isMoreKnown = true;
    if (this.hasEnded || this.reading !== undefined) return;
    this.reading = this.read().finally(() => {
      this.reading = undefined;
    });
  };

  private async read(): Promise<void> {
    while (this.isMoreKnown && !this.hasEnded) {
      this.isMoreKnown = false;
      try {
        const events = await this.options.events.list({ afterId: this.lastId, limit: pageSize });
        this.isMoreKnown ||= events.length === pageSize;
        for (const event of events) {
          this.lastId = event.id;
          this.options.tell(event);
        }
      } catch (err) {
        // The next event, or the next look, brings what was missed.
        this.warnings.count((count) => this.options.log.warn({ err, count }, 'events could not be read for watchers'));
      }
    }
  }

  private pollLater(): void {
    this.cancel = this.options.clock.after(pollMs, () => {
      this.wake();
      this.pollLater();
    });
  }
}
