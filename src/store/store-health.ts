import type { Clock } from '../base/clock.ts';
import { isStreamctlError } from '../base/errors.ts';
import type { Log } from '../observability/log.ts';
import { isPassingStoreError } from './passing-error.ts';
import type { Store } from './ports/store.ts';
import { callStore, storeOf } from './store-methods.ts';

/** Whether the store does what it is asked, or since when it does not, and what it said last. */
export type StoreState =
  | { readonly isHealthy: true }
  | { readonly isHealthy: false; readonly sinceMs: number; readonly reason: string };

/** How the store does, by the outcome of every call; that keys are read again every few seconds sees to it that there are some. */
export class StoreHealth {
  private readonly clock: Clock;
  private readonly log: Pick<Log, 'info' | 'warn'>;
  private readonly listeners = new Set<(state: StoreState) => void>();
  private current: StoreState = { isHealthy: true };

  constructor(clock: Clock, log: Pick<Log, 'info' | 'warn'>) {
    this.clock = clock;
    this.log = log;
  }

  get state(): StoreState {
    return this.current;
  }

  /** For who looks at the node. */
  warnings(): string[] {
    if (this.current.isHealthy) return [];
    const { sinceMs, reason } = this.current;
    return [`since ${new Date(sinceMs).toISOString()} the store does not do what it is asked: ${reason}`];
  }

  /** Calls `listener` when the store stops answering and when it answers again; the returned function ends that. */
  onChange(listener: (state: StoreState) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** The store, whose every answer is heard here. An error that is about what was asked is an answer too. */
  watch(store: Store): Store {
    return storeOf(async (port, method, args) => {
      try {
        const result = await callStore(store, port, method, args);
        if (method !== 'close') this.answered();
        return result;
      } catch (error) {
        if (isPassingStoreError(error)) this.failed(error);
        else this.answered();
        throw error;
      }
    });
  }

  private answered(): void {
    if (this.current.isHealthy) return;
    this.log.info({ away_ms: this.clock.wallMs() - this.current.sinceMs }, 'the store answers again');
    this.change({ isHealthy: true });
  }

  private failed(error: unknown): void {
    if (!this.current.isHealthy || !isStreamctlError(error)) return;
    this.log.warn(
      { code: error.code, reason: error.message },
      'the store does not answer: what is to be written waits',
    );
    this.change({ isHealthy: false, sinceMs: this.clock.wallMs(), reason: error.message });
  }

  private change(state: StoreState): void {
    this.current = state;
    for (const listener of this.listeners) listener(state);
  }
}
