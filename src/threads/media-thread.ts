import type { MessagePort } from 'node:worker_threads';
import type { CertificatePair } from '../base/certificate-pair.ts';
import { StreamctlError } from '../base/errors.ts';
import type { Announcement } from '../pipeline/live-facts.ts';
import type { RestoredStream } from '../pipeline/media-pipeline.ts';
import type { StreamRecorder } from '../pipeline/stream-records.ts';
import { afterLoss, type Continuity } from '../stream/continuity.ts';
import type { PublishPolicy } from '../stream/publication.ts';
import { writeForwarded } from './forwarded-log.ts';
import type { MediaCalls, MediaReports, MediaWorkerData } from './media-calls.ts';
import type { MediaControl, MediaSideOptions } from './media-side.ts';
import type { PortSockets } from './port-sockets.ts';
import { SupervisedThread } from './supervised-thread.ts';
import type { ThreadLink } from './thread-link.ts';

/** Slab ids of one thread and its successor never meet. */
const slabIdsPerThread = 2 ** 32;

interface RunningStream extends Omit<RestoredStream, 'continuity'> {
  readonly isPending: boolean;
}

/** The media side as control holds it, wherever it runs. */
export interface Media {
  /** How long it has said nothing; it speaks once a second. */
  readonly silentMs: number;
  /** Gives the ports it listens on. */
  start(): Promise<readonly number[]>;
  stop(): Promise<void>;
  /** As `MediaPipeline.announce`. Throws MEDIA_THREAD_DIED while there is none. */
  announce(announcement: Announcement): Promise<void>;
  /** By an operator. False when no such stream runs here. Throws as `announce`. */
  stopStream(streamId: string): Promise<boolean>;
  /** The key was revoked. */
  endByKey(keyId: string): void;
  changePolicy(keyId: string, policy: PublishPolicy): void;
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
  private readonly running = new Map<string, RunningStream>();
  private readonly missedNews: ((link: ThreadLink<MediaCalls>) => void)[] = [];
  /** What was written down last, for a death that nobody else saw. */
  private readonly saved = new Map<string, Continuity>();

  constructor(options: MediaThreadOptions, control: MediaThreadControl, readers: FeedReaders) {
    const data = { ...options, ports: [], firstSlabId: 1, mayRest: true };
    super({ entry: 'media', name: 'media', data, deathCode: 'MEDIA_THREAD_DIED', log: control.log });
    this.control = control;
    this.readers = readers;
    for (const { continuity, ...stream } of options.restored) {
      this.running.set(stream.id, { ...stream, isPending: continuity === undefined });
    }
  }

  /** Feeds another delivery thread. */
  attach(reader: MessagePort): void {
    this.link?.tellWith([reader], 'attach', reader);
  }

  async announce(announcement: Announcement): Promise<void> {
    if (this.link === undefined) throw new StreamctlError('MEDIA_THREAD_DIED', {});
    await this.link.call('announce', announcement);
  }

  async stopStream(streamId: string): Promise<boolean> {
    if (this.link === undefined) throw new StreamctlError('MEDIA_THREAD_DIED', {});
    return await this.link.call('stopStream', streamId);
  }

  endByKey(keyId: string): void {
    this.tellKeyNews((link) => link.tell('endByKey', keyId));
  }

  changePolicy(keyId: string, policy: PublishPolicy): void {
    this.tellKeyNews((link) => link.tell('changePolicy', keyId, policy));
  }

  /** What there is no thread for now, its successor hears first: its broadcasts go on with what was known before. */
  private tellKeyNews(news: (link: ThreadLink<MediaCalls>) => void): void {
    if (this.link === undefined) this.missedNews.push(news);
    else news(this.link);
  }

  /** Gives the ports, which its successors take as well. */
  protected async begin(link: ThreadLink<MediaCalls>): Promise<readonly number[]> {
    const feeds = this.readers.newFeeds();
    const { sockets } = this.control;
    const handed = { rtmp: sockets?.lend('rtmp') ?? [], rtmps: sockets?.lend('rtmps') ?? [] };
    const ports = await link.callWith(feeds, 'start', feeds, handed);
    this.data = { ...this.data, ports };
    for (const news of this.missedNews.splice(0)) news(link);
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
    for (const { isPending, ...stream } of [...this.running.values()]) {
      const { id } = stream;
      const saved = this.saved.get(id);
      const continuity = continuities.get(id) ?? (saved && afterLoss(saved));
      if (continuity !== undefined) restored.push({ ...stream, continuity });
      else if (isPending) restored.push(stream);
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
      const [stream] = args as Parameters<StreamRecorder['created']>;
      this.running.set(stream.id, { ...stream, isPending: true });
    } else if (name === 'started' || name === 'resumed' || name === 'replaced') {
      const [id, { keyId }] = args as Parameters<StreamRecorder['replaced']>;
      const stream = this.running.get(id);
      if (stream !== undefined)
        this.running.set(id, { ...stream, keyId, isPending: stream.isPending && name === 'replaced' });
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
