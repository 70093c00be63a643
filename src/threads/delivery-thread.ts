import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { CertificatePair } from '../base/certificate-pair.ts';
import { StreamctlError } from '../base/errors.ts';
import type { Log } from '../observability/log.ts';
import type { Continuity } from '../stream/continuity.ts';
import type { DeliveryCalls, DeliveryReports, DeliveryWorkerData } from './delivery-calls.ts';
import type { DeliveryFigures } from './delivery-side.ts';
import { writeForwarded } from './forwarded-log.ts';
import { heapLimits } from './heap-limits.ts';
import { Respawn } from './respawn.ts';
import { ThreadLink } from './thread-link.ts';
import { workerEntry } from './worker-entry.ts';

/** One delivery thread and its successors: when one dies its viewers connect anew, and the next one knows all that it knew. */
export class DeliveryThread {
  /** Threads that died and were replaced. */
  restarts = 0;
  /** What it told last; undefined until it has. */
  figures: DeliveryFigures | undefined;
  private readonly name: string;
  private readonly attach: (port: MessagePort) => void;
  private readonly log: Log;
  private readonly respawn = new Respawn();
  private data: DeliveryWorkerData;
  private isReady = false;
  private isRunning = false;
  private isStopping = false;
  private worker: Worker | undefined;
  private link: ThreadLink<DeliveryCalls> | undefined;

  /** `attach` has the media thread feed a port. */
  constructor(name: string, data: DeliveryWorkerData, attach: (port: MessagePort) => void, log: Log) {
    this.name = name;
    this.data = data;
    this.attach = attach;
    this.log = log;
  }

  /** Gives the port. */
  async start(): Promise<number> {
    const port = await this.spawn();
    this.data = { ...this.data, listen: { ...this.data.listen, port } };
    this.isRunning = true;
    return port;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.link?.call('stop').catch(() => {});
    await this.worker?.terminate();
  }

  /** Ends the thread as a crash would: for tests of what follows. */
  async kill(): Promise<void> {
    await this.worker?.terminate();
  }

  setReady(isReady: boolean): void {
    this.isReady = isReady;
    this.link?.tell('setReady', isReady);
  }

  /** A port by which the media thread can feed this one; it is gone when one of the two is. */
  newFeed(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.link?.tellWith([port2], 'feedFrom', port2);
    return port1;
  }

  /** After the death of the media thread: where its streams go on, as far as this thread knows. */
  async continuities(): Promise<ReadonlyMap<string, Continuity>> {
    return (await this.link?.call('continuities').catch(() => undefined)) ?? new Map();
  }

  setCertificate(certificate: CertificatePair): void {
    this.data = { ...this.data, certificate };
    this.link?.tell('setCertificate', certificate);
  }

  setLogLevel(logLevel: string): void {
    this.data = { ...this.data, logLevel };
    this.link?.tell('setLogLevel', logLevel);
  }

  private async spawn(): Promise<number> {
    const { name, log } = this;
    const worker = new Worker(workerEntry('delivery'), {
      name,
      resourceLimits: heapLimits.delivery,
      workerData: this.data,
    });
    const methods: DeliveryReports = {
      log: (line) => writeForwarded(log, line),
      figures: (figures) => {
        this.figures = figures;
      },
    };
    const link = new ThreadLink<DeliveryCalls>(worker, methods);
    this.worker = worker;
    this.link = link;
    worker.on('error', (error) => log.error({ err: error, thread: name }, 'a delivery thread failed'));
    worker.once('exit', () => {
      link.break(new StreamctlError('DELIVERY_THREAD_DIED', {}));
      if (this.isRunning && !this.isStopping) this.died();
    });
    if (this.isRunning) this.attach(this.newFeed());
    link.tell('setReady', this.isReady);
    return await link.call('start');
  }

  private died(): void {
    this.restarts++;
    this.figures = undefined;
    this.link = undefined;
    this.log.error({ thread: this.name }, 'a delivery thread died and is started anew: its viewers connect again');
    this.respawn.after(() => {
      if (this.isStopping) return;
      this.spawn().catch((error: unknown) => {
        this.log.error({ err: error, thread: this.name }, 'a delivery thread could not be started');
        void this.worker?.terminate();
      });
    });
  }
}
