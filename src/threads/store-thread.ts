import type { Worker } from 'node:worker_threads';
import { StreamctlError } from '../base/errors.ts';
import type { Log } from '../observability/log.ts';
import type { OpenStoreOptions } from '../store/open.ts';
import type { Store } from '../store/ports/store.ts';
import { type StorePort, storeOf } from '../store/store-methods.ts';
import { startWorker } from './start-worker.ts';
import type { StoreCalls } from './store-calls.ts';
import { ThreadLink } from './thread-link.ts';

/**
 * The store on a thread of its own: a locked database or a slow disk blocks that thread and nobody else. A thread that dies is
 * replaced by the next call; calls that were under way fail with STORE_THREAD_DIED and may be made again.
 */
export class StoreThread {
  /** Threads that died and were replaced. */
  restarts = 0;
  private readonly options: OpenStoreOptions;
  private readonly log: Pick<Log, 'error'>;
  private worker: Worker | undefined;
  private link: Promise<ThreadLink<StoreCalls>> | undefined;
  private isClosed = false;

  constructor(options: OpenStoreOptions, log: Pick<Log, 'error'>) {
    this.options = options;
    this.log = log;
  }

  /** The store behind the thread. Throws what opening it throws. */
  async open(): Promise<Store> {
    this.link = this.spawn();
    await this.link;
    return storeOf((port, method, args) =>
      port === 'store' && method === 'close' ? this.close() : this.call(port, method, args),
    );
  }

  /** Ends the thread as a crash would: for tests of what follows. */
  async kill(): Promise<void> {
    await this.worker?.terminate();
  }

  private async call(port: StorePort, method: string, args: readonly unknown[]): Promise<unknown> {
    if (this.isClosed) throw new StreamctlError('STORE_THREAD_DIED', {});
    this.link ??= this.spawn();
    const link = await this.link;
    return await link.call('run', port, method, args);
  }

  private async close(): Promise<void> {
    if (this.isClosed) return;
    await this.call('store', 'close', []).catch(() => {});
    this.isClosed = true;
    await this.worker?.terminate();
  }

  private async spawn(): Promise<ThreadLink<StoreCalls>> {
    const worker = startWorker('store', 'store', this.options, this.log);
    const link = new ThreadLink<StoreCalls>(worker, {});
    this.worker = worker;
    let isOpen = false;
    worker.once('exit', () => {
      this.link = undefined;
      const lost = link.break(new StreamctlError('STORE_THREAD_DIED', {}));
      if (isOpen && !this.isClosed) this.died(lost);
    });
    try {
      await link.call('open');
    } catch (error) {
      await worker.terminate();
      throw error;
    }
    isOpen = true;
    return link;
  }

  private died(callsLost: number): void {
    this.restarts++;
    this.log.error({ calls_lost: callsLost }, 'the store thread died; the next call starts another');
  }
}
