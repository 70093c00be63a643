import type { CertificatePair } from '../base/certificate-pair.ts';
import { systemClock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import { collectGarbage } from '../base/garbage.ts';
import type { HlsConfig, LadderConfig, RtmpConfig } from '../config/schema.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { defaultRtmpLimits } from '../ingest/rtmp/limits.ts';
import { type HandedDescriptors, type ListenAt, RtmpServer } from '../ingest/rtmp/server.ts';
import type { StreamAges } from '../live/ports.ts';
import type { Log } from '../observability/log.ts';
import type { Announcement, LiveFacts } from '../pipeline/live-facts.ts';
import { MediaPipeline, type RestoredStream } from '../pipeline/media-pipeline.ts';
import type { ServiceLevelFigures } from '../pipeline/service-levels.ts';
import { SoundTranscoding } from '../pipeline/sound-transcoding.ts';
import type { StreamRecorder } from '../pipeline/stream-records.ts';
import { type LadderFigures, Transcoding } from '../pipeline/transcoding.ts';
import type { FeedMessage } from '../stream/feed.ts';
import type { Publication, PublisherConnection, PublishGrant, PublishPolicy } from '../stream/publication.ts';
import { SlabPool } from '../stream/slab-pool.ts';
import { FeedHub, type FeedReader } from './feed-hub.ts';
import { MediaTurn, mediaRestMs } from './media-turn.ts';
import { MemoryGuard, type MemoryLevel } from './memory-guard.ts';
import type { PublishAnswer, PublishAttemptMessage } from './publish-message.ts';
import { monitorThread, type ThreadFigures } from './thread-monitor.ts';

const trimEveryMs = 60_000;
const worthCollectingBytes = 32 << 20;

/** What the media side needs to begin, as plain data. */
export interface MediaSideOptions {
  readonly hls: HlsConfig;
  readonly rtmp: RtmpConfig;
  readonly ladder: LadderConfig;
  /** `http.trusted_proxies`. */
  readonly trustedProxies?: readonly string[];
  /** Where it is kept what transcoding costs on this machine. */
  readonly calibrationPath: string;
  /** Ports that an earlier side had, for `rtmp.listen` with port 0. */
  readonly ports: readonly number[];
  /** For RTMPS. */
  readonly certificate?: CertificatePair | undefined;
  readonly restored: readonly RestoredStream[];
  /** What the media of all windows may take. */
  readonly memoryBudgetBytes: number;
  /** Above all ids that an earlier side has used with the same readers. */
  readonly firstSlabId: number;
  /** Whether the thread is this side's alone, and may rest between reads. */
  readonly mayRest: boolean;
}

/** What the media side asks of control, and tells it. */
export interface MediaControl {
  authorizePublish(attempt: PublishAttemptMessage): PublishAnswer | Promise<PublishAnswer>;
  facts(facts: readonly LiveFacts[]): void;
  figures(figures: MediaFigures): void;
  readonly records: StreamRecorder;
  readonly log: Log;
}

/** Figures of the media side, once a second. */
export interface MediaFigures extends ThreadFigures {
  readonly connections: number;
  readonly publishers: number;
  readonly bytesIn: number;
  readonly heldBytes: number;
  readonly slabBytes: number;
  /** Memory of listed and kept media, and what it may grow to. */
  readonly mediaBytes: number;
  readonly mediaBudgetBytes: number;
  readonly memoryLevel: MemoryLevel;
  readonly refused: Readonly<Record<string, number>>;
  readonly ladders: LadderFigures;
  readonly ages: readonly StreamAges[];
  readonly levels: ServiceLevelFigures;
  /** Frames from publishers. */
  readonly videoFrames: number;
  readonly audioFrames: number;
}

/** Everything between publishers' sockets and the part feed, in whatever thread it runs. */
export class MediaSide {
  private readonly control: MediaControl;
  private readonly options: MediaSideOptions;
  private readonly hub: FeedHub;
  private readonly pool: SlabPool;
  private readonly memory: MemoryGuard;
  private readonly transcoding: Transcoding;
  private readonly pipeline: MediaPipeline;
  private readonly rtmp: RtmpServer;
  private readonly turn: MediaTurn;
  private areFactsDue = false;
  private batch: FeedMessage[] = [];
  private cancelFigures = () => {};
  private cancelTrim = () => {};
  private givenUpBytes = 0;
  private videoFrames = 0;
  private audioFrames = 0;

  constructor(options: MediaSideOptions, control: MediaControl) {
    const { hls, rtmp, ladder, calibrationPath, ports, certificate, memoryBudgetBytes } = options;
    const { firstSlabId, mayRest } = options;
    this.options = options;
    this.control = control;
    this.turn = new MediaTurn(mayRest ? mediaRestMs : 0, () => this.endTurn());
    const clock = systemClock;
    const { log, records } = control;
    this.hub = new FeedHub({
      clock,
      onFreed: (id) => this.pool.slabFreed(id),
      onWanted: (id, name) => this.transcoding.wanted(id, name),
    });
    this.pool = new SlabPool(
      {
        slabOpened: (id, buffer) => this.hub.slabOpened(id, buffer),
        slabSealed: (id) => {
          this.flush();
          this.hub.slabSealed(id);
        },
      },
      firstSlabId,
    );
    this.memory = new MemoryGuard(memoryBudgetBytes, this.hub, clock, log);
    this.transcoding = new Transcoding({
      ladder,
      wishes: hls,
      calibrationPath,
      onThumbnail: (streamId, jpeg) => this.pipeline.thumbnail(streamId, jpeg),
      clock,
      records,
      log,
    });
    this.pipeline = new MediaPipeline({
      hls,
      rtmp,
      clock,
      log,
      records,
      transcoding: this.transcoding,
      sounds: new SoundTranscoding({ ladder, clock, log }),
      feed: (message) => this.feed(message),
      allocator: () => this.pool.allocator(),
      onChange: () => this.tellFacts(),
    });
    const at = (listen: ListenAt, index: number): ListenAt => ({ ...listen, port: ports[index] ?? listen.port });
    this.rtmp = new RtmpServer(
      {
        listen: at(rtmp.listen, 0),
        tls: rtmp.tls && certificate && { listen: at(rtmp.tls.listen, 1), ...certificate },
        trustedProxies: options.trustedProxies,
        limits: { ...defaultRtmpLimits, maxPublishers: rtmp.maxPublishers, maxPerIp: rtmp.maxPerIp },
      },
      {
        clock,
        log,
        authorizePublish: ({ app, streamName, remoteAddress, encoder }, signal) =>
          this.authorize({ app, streamName, remoteAddress, encoder }, signal),
        openPublication: (grant, connection) => this.open(grant, connection),
        accepted: () => this.turn.accepted(),
      },
    );
  }

  /** The windows as they are told to everybody. */
  get delivery(): Delivery {
    return this.hub.delivery;
  }

  /** Feeds a reader that `make` makes. */
  attach(make: (hub: FeedHub) => FeedReader): void {
    this.flush();
    this.hub.attach(make(this.hub));
  }

  /** Takes up earlier broadcasts, of which readers that are attached know already, and listens; gives the ports. */
  async start(handed?: HandedDescriptors): Promise<number[]> {
    void this.transcoding.start();
    this.pipeline.restore(this.options.restored);
    await this.pipeline.start();
    await this.rtmp.start(new AbortController().signal, handed);
    this.memory.start();
    this.cancelFigures = monitorThread((loop) => this.tellFigures(loop), this.turn);
    this.trimLater();
    this.tellFacts();
    return this.rtmp.addresses.map(({ port }) => port);
  }

  /** Sends all publishers away; their broadcasts can be taken up again. */
  async stop(): Promise<void> {
    this.cancelFigures();
    this.cancelTrim();
    this.memory.stop();
    await this.pipeline.broadcasts.stop();
    await this.rtmp.stop();
    await this.pipeline.stop();
    this.flush();
  }

  /** As `MediaPipeline.announce`. */
  announce(announcement: Announcement): void {
    this.pipeline.announce(announcement);
  }

  stopStream(streamId: string): boolean {
    return this.pipeline.stopStream(streamId);
  }

  endByKey(keyId: string): void {
    this.pipeline.endByKey(keyId);
  }

  changePolicy(keyId: string, policy: PublishPolicy): void {
    this.pipeline.changePolicy(keyId, policy);
  }

  /** For RTMPS connections that come from now on. */
  setCertificate(pair: CertificatePair): void {
    this.rtmp.setCertificate(pair);
  }

  private async authorize(attempt: PublishAttemptMessage, signal: AbortSignal) {
    const answer = await this.control.authorizePublish(attempt);
    if (!answer.allowed) return { allowed: false as const, error: errorOf(answer) };
    const { channel } = answer.grant;
    if (this.memory.level === 'full' && !this.pipeline.isOnAir(channel)) {
      const { budgetBytes } = this.memory;
      return { allowed: false as const, error: new StreamctlError('MEDIA_MEMORY_EXHAUSTED', { budgetBytes }) };
    }
    await this.pipeline.broadcasts.takeoverTurn(channel, signal);
    return { allowed: true as const, grant: answer.grant as PublishGrant };
  }

  private open(grant: PublishGrant, connection: PublisherConnection): Publication {
    const publication = this.pipeline.open(grant, connection);
    return {
      ...publication,
      accessUnit: (unit) => {
        this.turn.restLater();
        if (unit.kind === 'video') this.videoFrames++;
        else this.audioFrames++;
        publication.accessUnit(unit);
      },
    };
  }

  private feed(message: FeedMessage): void {
    this.batch.push(message);
    this.turn.endLater();
  }

  private endTurn(): void {
    this.flush();
    if (!this.areFactsDue) return;
    this.areFactsDue = false;
    this.control.facts(this.pipeline.facts((streamId, name) => this.delivery.bitrateBps(streamId, name)));
  }

  private flush(): void {
    if (this.batch.length === 0) return;
    const messages = this.batch;
    this.batch = [];
    this.hub.apply(messages);
    for (const message of messages) this.pipeline.levels.listed(message);
  }

  /** What a peak has left is given back once it is worth a collection in every thread. */
  private trimLater(): void {
    this.cancelTrim = systemClock.after(trimEveryMs, () => {
      this.givenUpBytes += this.pool.trim();
      if (this.givenUpBytes >= worthCollectingBytes) {
        this.givenUpBytes = 0;
        this.hub.memoryGivenUp();
        collectGarbage();
      }
      this.trimLater();
    });
  }

  private tellFacts(): void {
    this.areFactsDue = true;
    this.turn.endLater();
  }

  private tellFigures(loop: ThreadFigures): void {
    const { connections, publishers, bytesIn, heldBytes, refused } = this.rtmp.stats();
    const { level: memoryLevel, budgetBytes } = this.memory;
    this.control.figures({
      connections,
      publishers,
      bytesIn,
      heldBytes,
      refused,
      slabBytes: this.pool.sizeBytes,
      mediaBytes: this.hub.table.sizeBytes,
      mediaBudgetBytes: budgetBytes,
      memoryLevel,
      ladders: this.transcoding.figures(),
      ages: this.pipeline.ages.figures(),
      levels: this.pipeline.levels.figures(),
      videoFrames: this.videoFrames,
      audioFrames: this.audioFrames,
      ...loop,
    });
  }
}

function errorOf({ code, details }: Extract<PublishAnswer, { allowed: false }>): StreamctlError {
  return new StreamctlError(code, details as never);
}
