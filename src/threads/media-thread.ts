import type { MessagePort } from 'node:worker_threads';
import type { CertificatePair } from '../base/certificate-pair.ts';
import type { RestoredStream } from '../pipeline/media-pipeline.ts';
import type { StreamRecorder } from '../pipeline/stream-records.ts';
import { afterLoss, type Continuity } from '../stream/continuity.ts';
import { writeForwarded } from './forwarded-log.ts';
import type { MediaCalls, MediaReports, MediaWorkerData } from './media-calls.ts';
import type { MediaControl, MediaSideOptions } from './media-side.ts';
import type { PortSockets } from './port-sockets.ts';
import { SupervisedThread } from './supervised-thread.ts';
import type { ThreadLink } from './thread-link.ts';

/** Slab ids of one thread and its successor never meet. */
const slabIdsPerThread = 2 ** 32;

/** The media side as control holds it, wherever it runs. */
export interface Media {
  /** How long it has said nothing; it speaks once a second. */
  readonly silentMs: number;
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
export interface MediaThreadControl
  extends Pick<MediaControl, 'authorizePublish' | 'facts' | 'figures' | 'records' | 'log'> {
  /** Sockets that were handed to the program; without them it opens its ports itself. */
  readonly sockets?: PortSockets | undefined;
}

/**
 * The media thread and its successors: when one dies, its publishers' connections are gone, but every stream goes on with the
 * next segment number as soon as its publisher is back.
 */
export class MediaThread extends SupervisedThread<MediaCalls, MediaWorkerData, readonly number[]> implements Media {
  private readonly control: MediaThreadControl;
  private readonly readers: FeedReaders;
  /** Streams that have not ended, also those of which nothing has been said yet. */
  private readonly running = new Map<string, { readonly channel: string; readonly keyId: string | undefined }>();
  /** What was written down last, for a death that nobody else saw. */
  private readonly saved = new Map<string, Continuity>();

  constructor(options: MediaThreadOptions, control: MediaThreadControl, readers: FeedReaders) {
    const data = { ...options, ports: [], firstSlabId: 1, mayRest: true };
    super({ entry: 'media', name: 'media', data, deathCode: 'MEDIA_THREAD_DIED', log: control.log });
    this.control = control;
    this.readers = readers;
    for (const { id, channel, keyId } of options.restored) this.running.set(id, { channel, keyId });
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

  /** Gives the ports, which its successors take as well. */
  protected async begin(link: ThreadLink<MediaCalls>): Promise<readonly number[]> {
    const feeds = this.readers.newFeeds();
    const { sockets } = this.control;
    const handed = { rtmp: sockets?.lend('rtmp') ?? [], rtmps: sockets?.lend('rtmps') ?? [] };
    const ports = await link.callWith(feeds, 'start', feeds, handed);
    this.data = { ...this.data, ports };
    return ports;
  }

  protected reports(): MediaReports {
    const { control } = this;
    return {
      log: (line) => writeForwarded(control.log, line),
      authorizePublish: (attempt) => control.authorizePublish(attempt),
      record: (name, args) => this.record(name, args),
      facts: (facts) => control.facts(facts),
      figures: (figures) => control.figures(figures),
    };
  }

  protected async died(): Promise<void> {
    this.control.facts([]);
    const continuities = await this.readers.continuities();
    const restored: RestoredStream[] = [];
    for (const [id, { channel, keyId }] of [...this.running]) {
      const saved = this.saved.get(id);
      const continuity = continuities.get(id) ?? (saved && afterLoss(saved));
      if (continuity !== undefined) restored.push({ id, channel, keyId, continuity });
      else this.record('ended', [id, 'ERROR', 'publisher_lost']);
    }
    this.data = { ...this.data, restored, firstSlabId: this.data.firstSlabId + slabIdsPerThread };
    this.log.error(
      { streams: restored.length },
      'the media thread died and is started anew: publishers have to reconnect',
    );
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
}
