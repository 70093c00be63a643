import { Worker } from 'node:worker_threads';
import { StreamctlError } from '../base/errors.ts';
import type { Log } from '../observability/log.ts';
import type { OpenStoreOptions } from '../store/open.ts';
import type { Store } from '../store/ports.ts';
import { errorFromMessage } from './error-message.ts';
import { heapLimits } from './heap-limits.ts';
import { type StoreAnswer, type StoreCall, type StoreOpened, type StorePort, storeMethods } from './store-calls.ts';
import { workerEntry } from './worker-entry.ts';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The store on a thread of its own: a locked database or a slow disk blocks that thread and nobody else. A thread that dies is
 * replaced by the next call; calls that were under way fail with STORE_THREAD_DIED and may be made again.
 */
export class StoreThread {
  /** Threads that died and were replaced. */
  restarts = 0;
  private readonly options: OpenStoreOptions;
  private readonly log: Pick<Log, 'error'>;
  private readonly waiting = new Map<number, Waiting>();
  private worker: Promise<Worker> | undefined;
  private nextId = 1;
  private isClosed = false;

  constructor(options: OpenStoreOptions, log: Pick<Log, 'error'>) {
    this.options = options;
    this.log = log;
  }

  /** The store behind the thread. Throws what opening it throws. */
  async open(): Promise<Store> {
    this.worker = this.spawn();
    await this.worker;
    return {
      ...(this.methodsOf('store') as unknown as Pick<Store, 'status' | 'backup'>),
      keys: this.methodsOf('keys') as unknown as Store['keys'],
      streams: this.methodsOf('streams') as unknown as Store['streams'],
      events: this.methodsOf('events') as unknown as Store['events'],
      close: () => this.close(),
    };
  }

  /** Ends the thread as a crash would: for tests of what follows. */
  async kill(): Promise<void> {
    await (await this.worker)?.terminate();
  }

  private methodsOf(port: StorePort): Record<string, (...args: unknown[]) => Promise<unknown>> {
    return Object.fromEntries(
      storeMethods[port].map((method) => [method, (...args: unknown[]) => this.call(port, method, args)]),
    );
  }

  private async call(port: StorePort, method: string, args: readonly unknown[]): Promise<unknown> {
    if (this.isClosed) throw new StreamctlError('STORE_THREAD_DIED', {});
    this.worker ??= this.spawn();
    const worker = await this.worker;
    return await new Promise((resolve, reject) => {
      const call: StoreCall = { id: this.nextId++, port, method, args };
      this.waiting.set(call.id, { resolve, reject });
      worker.postMessage(call);
    });
  }

  private async close(): Promise<void> {
    if (this.isClosed) return;
    await this.call('store', 'close', []).catch(() => {});
    this.isClosed = true;
    await (await this.worker)?.terminate();
  }

  private async spawn(): Promise<Worker> {
    const worker = new Worker(workerEntry('store'), {
      resourceLimits: heapLimits.store,
      name: 'store',
      workerData: this.options,
    });
    return await new Promise((resolve, reject) => {
      worker.once('message', (first: StoreOpened) => {
        if (!first.opened) {
          this.worker = undefined;
          void worker.terminate();
          reject(errorFromMessage(first.error));
          return;
        }
        worker.on('message', (answer: StoreAnswer) => this.answered(answer));
        resolve(worker);
      });
      worker.on('error', (error) => this.log.error({ err: error }, 'the store thread failed'));
      worker.once('exit', () => {
        this.died();
        reject(new StreamctlError('STORE_THREAD_DIED', {}));
      });
    });
  }

  private answered(answer: StoreAnswer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(errorFromMessage(answer.error));
    else waiting?.resolve(answer.result);
  }

  private died(): void {
    this.worker = undefined;
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(new StreamctlError('STORE_THREAD_DIED', {}));
    if (this.isClosed) return;
    this.restarts++;
    this.log.error({ calls_lost: lost.length }, 'the store thread died; the next call starts another');
  }
}
