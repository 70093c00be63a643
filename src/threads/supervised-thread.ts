import type { Worker } from 'node:worker_threads';
import type { CertificatePair } from '../base/certificate-pair.ts';
import { StreamctlError } from '../base/errors.ts';
import type { Log } from '../observability/log.ts';
import { Respawn } from './respawn.ts';
import { startWorker } from './start-worker.ts';
import { type Methods, ThreadLink } from './thread-link.ts';
import type { ThreadName } from './worker-entry.ts';

/** What every supervised thread can be asked. */
export type SupervisedCalls = {
  stop(): Promise<void>;
  setCertificate(pair: CertificatePair): void;
  setLogLevel(level: string): void;
};

/** What every one of them begins with. */
export interface SupervisedData {
  readonly logLevel: string;
  readonly certificate?: CertificatePair | undefined;
}

export interface SupervisedThreadOptions<Data> {
  readonly entry: ThreadName;
  readonly name: string;
  readonly data: Data;
  /** What calls under way fail with when the thread dies. */
  readonly deathCode: 'DELIVERY_THREAD_DIED' | 'MEDIA_THREAD_DIED';
  readonly log: Log;
}

/** A thread and its successors: one that dies is replaced, and the next one begins with the settings the last one had. */
export abstract class SupervisedThread<Calls extends SupervisedCalls, Data extends SupervisedData, Started> {
  /** Threads that died and were replaced. */
  restarts = 0;
  protected readonly log: Log;
  /** What the next thread begins with. */
  protected data: Data;
  /** To the thread that runs now; undefined between a death and the successor. */
  protected link: ThreadLink<Calls> | undefined;
  private readonly options: SupervisedThreadOptions<Data>;
  private readonly respawn = new Respawn();
  private worker: Worker | undefined;
  private isRunning = false;
  private isStopping = false;
  private goneAtMs = performance.now();
  private cancelRespawn = () => {};

  constructor(options: SupervisedThreadOptions<Data>) {
    this.options = options;
    this.data = options.data;
    this.log = options.log;
  }

  /** Has a thread begin its work: the first one, and each that follows. */
  protected abstract begin(link: ThreadLink<Calls>): Promise<Started>;
  /** What the thread may ask of this one. */
  protected abstract reports(): Methods;
  /** The thread has died; its successor is started when this is done. */
  protected abstract died(): Promise<void> | void;

  /** Rejects with what the first thread could not begin for; only later ones are replaced. */
  async start(): Promise<Started> {
    const started = await this.spawn();
    this.isRunning = true;
    return started;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.cancelRespawn();
    await this.common?.call('stop').catch(() => {});
    await this.worker?.terminate();
  }

  /** Ends the thread as a crash would: for tests of what follows. */
  async kill(): Promise<void> {
    await this.worker?.terminate();
  }

  /** For connections that come from now on. */
  setCertificate(certificate: CertificatePair): void {
    this.data = { ...this.data, certificate };
    this.common?.tell('setCertificate', certificate);
  }

  setLogLevel(logLevel: string): void {
    this.data = { ...this.data, logLevel };
    this.common?.tell('setLogLevel', logLevel);
  }

  /** How long it has said nothing; its figures come once a second. */
  get silentMs(): number {
    return performance.now() - (this.link?.heardAtMs ?? this.goneAtMs);
  }

  /** The same link, for what every thread can be asked. */
  private get common(): ThreadLink<SupervisedCalls> | undefined {
    return this.link;
  }

  private async spawn(): Promise<Started> {
    const { entry, name, deathCode } = this.options;
    const worker = startWorker(entry, name, this.data, this.log);
    const link = new ThreadLink<Calls>(worker, this.reports());
    this.worker = worker;
    this.link = link;
    worker.once('exit', () => {
      this.link = undefined;
      this.goneAtMs = performance.now();
      link.break(new StreamctlError(deathCode, {}));
      if (this.isRunning && !this.isStopping) void this.replace();
    });
    return await this.begin(link);
  }

  private async replace(): Promise<void> {
    this.restarts++;
    await this.died();
    if (this.isStopping) return;
    this.cancelRespawn = this.respawn.after(() => {
      this.spawn().catch((error: unknown) => {
        this.log.error({ err: error, thread: this.options.name }, 'a thread could not be started');
        void this.worker?.terminate();
      });
    });
  }
}
