import type { Clock } from '../base/clock.ts';
import type { Log } from '../observability/log.ts';
import type { EventStore } from '../store/ports/event-store.ts';

export interface EventRetentionOptions {
  readonly events: Pick<EventStore, 'removeBefore'>;
  /** `events.retention`. */
  readonly retentionMs: number;
  /** What is newer is still wanted by a receiver; undefined: there is none. */
  readonly deliveredUpTo: () => number | undefined;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

const everyMs = 3_600_000;
/** Between two breaths of a removal that is long: the store is there for others too. */
const breathMs = 1000;
const rowsAtOnce = 2000;

/** Removes events whose time is over, some at a time: once an hour, and until there are none left. */
export class EventRetention {
  private readonly options: EventRetentionOptions;
  private removing: Promise<void> = Promise.resolve();
  private cancel = () => {};
  private hasEnded = false;

  constructor(options: EventRetentionOptions) {
    this.options = options;
  }

  /** The first look is a minute away: a server that starts has other things to do. */
  start(): void {
    this.later(60_000);
  }

  /** Resolves when the store is left alone. */
  async stop(): Promise<void> {
    this.hasEnded = true;
    this.cancel();
    await this.removing;
  }

  private later(delayMs: number): void {
    this.cancel = this.options.clock.after(delayMs, () => {
      this.removing = this.remove().then((isMore) => {
        if (!this.hasEnded) this.later(isMore ? breathMs : everyMs);
      });
    });
  }

  /** Whether there is more to do. */
  private async remove(): Promise<boolean> {
    const { events, retentionMs, deliveredUpTo, clock, log } = this.options;
    try {
      const removal = { timeMs: clock.wallMs() - retentionMs, upToId: deliveredUpTo(), limit: rowsAtOnce };
      return (await events.removeBefore(removal)) === rowsAtOnce;
    } catch (err) {
      log.warn({ err }, 'events whose time is over could not be removed');
      return false;
    }
  }
}
