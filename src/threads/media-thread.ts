import { type MessagePort, Worker } from 'node:worker_threads';
import type { CertificatePair } from '../base/certificate-pair.ts';
import { StreamctlError } from '../base/errors.ts';
import type { LiveFacts } from '../pipeline/live-facts.ts';
import type { RestoredStream } from '../pipeline/media-pipeline.ts';
import type { StreamRecorder } from '../pipeline/stream-records.ts';
import { afterLoss, type Continuity } from '../stream/continuity.ts';
import { writeForwarded } from './forwarded-log.ts';
import { heapLimits } from './heap-limits.ts';
import type { MediaCalls, MediaReports, MediaWorkerData } from './media-calls.ts';
import type { MediaControl, MediaFigures, MediaSideOptions } from './media-side.ts';
import { Respawn } from './respawn.ts';
import { ThreadLink } from './thread-link.ts';
import { workerEntry } from './worker-entry.ts';

/** Slab ids of one thread and its successor never meet. */
const slabIdsPerThread = 2 ** 32;

/** The media side as control holds it, wherever it runs. */
export interface Media {
  /** Gives the ports it listens on. */
  start(): Promise<readonly number[]>;
  stop(): Promise<void>;
  stopStream(streamId: string, reason: 'operator' | 'key_revoked'): Promise<boolean>;
  endByKey(keyId: string): void;
  /** For RTMPS connections that come from now on. */
  setCertificate(pair: CertificatePair): void;
  setLogLevel(level: string): void;
}

export interface MediaThreadOptions extends Omit<MediaSideOptions, 'ports' | 'restored' | 'firstSlabId' | 'mayRest'> {
  readonly restored: readonly RestoredStream[];
  readonly logLevel: string;
}

/** Delivery, as far as a media thread begins with it. */
export interface FeedReaders {
  /** Ports by which it can feed every delivery thread there is. */
  newFeeds(): MessagePort[];
  /** Where the streams of a media thread that died go on. */
  continuities(): Promise<ReadonlyMap<string, Continuity>>;
}

/** What the thread hears and tells. */
export type MediaThreadControl = Pick<MediaControl, 'authorizePublish' | 'facts' | 'figures' | 'records' | 'log'>;

/**
 * The media thread and its successors: when one dies, its publishers' connections are gone, but every stream goes on with the
 * next segment number as soon as its publisher is back.
 */
export class MediaThread implements Media {
  /** Threads that died and were replaced. */
  restarts = 0;
  private options: MediaThreadOptions;
  private readonly control: MediaThreadControl;
  private readonly readers: FeedReaders;
  private readonly respawn = new Respawn();
  /** Streams that have not ended, also those of which nothing has been said yet. */
  private readonly running = new Map<string, { readonly channel: string; readonly keyId: string | undefined }>();
  private ports: readonly number[] = [];
  private worker: Worker | undefined;
  private link: ThreadLink<MediaCalls> | undefined;
  /** What was written down last, for a death that nobody else saw. */
  private readonly saved = new Map<string, Continuity>();
  private generation = 0;
  private isStopping = false;

  constructor(options: MediaThreadOptions, control: MediaThreadControl, readers: FeedReaders) {
    this.options = options;
    this.control = control;
    this.readers = readers;
    for (const { id, channel, keyId } of options.restored) this.running.set(id, { channel, keyId });
  }

  async start(): Promise<readonly number[]> {
    this.ports = await this.spawn(this.options.restored);
    return this.ports;
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

  /** Feeds another delivery thread. */
  attach(reader: MessagePort): void {
    this.link?.tellWith([reader], 'attach', reader);
  }

  async stopStream(streamId: string, reason: 'operator' | 'key_revoked'): Promise<boolean> {
    return (await this.link?.call('stopStream', streamId, reason)) ?? false;
  }

  endByKey(keyId: string): void {
    this.link?.tell('endByKey', keyId);
  }

  setCertificate(certificate: CertificatePair): void {
    this.options = { ...this.options, certificate };
    this.link?.tell('setCertificate', certificate);
  }

  setLogLevel(logLevel: string): void {
    this.options = { ...this.options, logLevel };
    this.link?.tell('setLogLevel', logLevel);
  }

  private async spawn(restored: readonly RestoredStream[]): Promise<number[]> {
    const { ports, options } = this;
    const firstSlabId = ++this.generation * slabIdsPerThread;
    const data: MediaWorkerData = { ...options, ports, restored, firstSlabId, mayRest: true };
    const worker = new Worker(workerEntry('media'), {
      resourceLimits: heapLimits.media,
      name: 'media',
      workerData: data,
    });
    const link = new ThreadLink<MediaCalls>(worker, this.methods());
    this.worker = worker;
    this.link = link;
    worker.on('error', (error) => this.control.log.error({ err: error }, 'the media thread failed'));
    worker.once('exit', () => {
      link.break(new StreamctlError('MEDIA_THREAD_DIED', {}));
      if (!this.isStopping && this.ports.length > 0) void this.died();
    });
    const feeds = this.readers.newFeeds();
    return await link.callWith(feeds, 'start', feeds);
  }

  private methods(): MediaReports {
    const { control } = this;
    return {
      log: (line) => writeForwarded(control.log, line),
      authorizePublish: (attempt) => control.authorizePublish(attempt),
      record: (name, args) => this.record(name, args),
      facts: (facts: readonly LiveFacts[]) => control.facts(facts),
      figures: (figures: MediaFigures) => control.figures(figures),
    };
  }

  private record(name: keyof StreamRecorder, args: readonly unknown[]): void {
    if (name === 'created') {
      const [id, channel, keyId] = args as Parameters<StreamRecorder['created']>;
      this.running.set(id, { channel, keyId });
    } else if (name === 'ended') {
      const [id] = args as Parameters<StreamRecorder['ended']>;
      this.running.delete(id);
      this.saved.delete(id);
    } else if (name === 'saveContinuity') {
      const [entries] = args as Parameters<StreamRecorder['saveContinuity']>;
      for (const { streamId, continuity } of entries) this.saved.set(streamId, continuity);
    }
    (this.control.records[name] as (...args: unknown[]) => void).apply(this.control.records, [...args]);
  }

  private async died(): Promise<void> {
    this.restarts++;
    this.link = undefined;
    const { control } = this;
    control.facts([]);
    const continuities = await this.readers.continuities();
    const restored: RestoredStream[] = [];
    for (const [id, { channel, keyId }] of [...this.running]) {
      const saved = this.saved.get(id);
      const continuity = continuities.get(id) ?? (saved && afterLoss(saved));
      if (continuity !== undefined) restored.push({ id, channel, keyId, continuity });
      else this.record('ended', [id, 'ERROR', 'publisher_lost']);
    }
    control.log.error(
      { streams: restored.length },
      'the media thread died and is started anew: publishers have to reconnect',
    );
    this.respawn.after(() => {
      if (this.isStopping) return;
      this.spawn(restored).catch((error: unknown) => {
        control.log.error({ err: error }, 'the media thread could not be started');
        void this.worker?.terminate();
      });
    });
  }
}
