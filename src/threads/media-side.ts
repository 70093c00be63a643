import type { CertificatePair } from '../base/certificate-pair.ts';
import { systemClock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import type { HlsConfig, RtmpConfig } from '../config/schema.ts';
import { defaultRtmpLimits } from '../ingest/rtmp/limits.ts';
import { type ListenAt, RtmpServer } from '../ingest/rtmp/server.ts';
import type { Log } from '../observability/log.ts';
import type { LiveFacts } from '../pipeline/live-facts.ts';
import { MediaPipeline, type RestoredStream } from '../pipeline/media-pipeline.ts';
import type { StreamRecorder } from '../pipeline/stream-records.ts';
import type { FeedMessage } from '../stream/feed.ts';
import type { PublishGrant } from '../stream/publication.ts';
import { type SlabListener, SlabPool } from '../stream/slab-pool.ts';
import { type LoopFigures, monitorLoop } from './loop-monitor.ts';
import type { PublishAnswer, PublishAttemptMessage } from './publish-message.ts';

/** What the media side needs to begin, as plain data. */
export interface MediaSideOptions {
  readonly hls: HlsConfig;
  readonly rtmp: RtmpConfig;
  /** Ports that an earlier side had, for `rtmp.listen` with port 0. */
  readonly ports: readonly number[];
  /** For RTMPS. */
  readonly certificate?: CertificatePair | undefined;
  readonly restored: readonly RestoredStream[];
  readonly firstSlabId: number;
}

/** What the media side asks of control, and tells it. */
export interface MediaControl extends SlabListener {
  authorizePublish(attempt: PublishAttemptMessage): PublishAnswer | Promise<PublishAnswer>;
  feed(message: FeedMessage): void;
  facts(facts: readonly LiveFacts[]): void;
  figures(figures: MediaFigures): void;
  readonly records: StreamRecorder;
  readonly log: Log;
}

/** Figures of the media side, once a second. */
export interface MediaFigures extends LoopFigures {
  readonly connections: number;
  readonly publishers: number;
  readonly bytesIn: number;
  readonly heldBytes: number;
  readonly slabBytes: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** Everything between publishers' sockets and the part feed, in whatever thread it runs. */
export class MediaSide {
  private readonly control: MediaControl;
  private readonly options: MediaSideOptions;
  private readonly pool: SlabPool;
  private readonly pipeline: MediaPipeline;
  private readonly rtmp: RtmpServer;
  private areFactsDue = false;
  private cancelFigures = () => {};

  constructor(options: MediaSideOptions, control: MediaControl) {
    const { hls, rtmp, ports, certificate, firstSlabId } = options;
    this.options = options;
    this.control = control;
    this.pool = new SlabPool(control, firstSlabId);
    const clock = systemClock;
    const { log, records } = control;
    this.pipeline = new MediaPipeline({
      hls,
      rtmp,
      clock,
      log,
      records,
      feed: (message) => control.feed(message),
      allocator: () => this.pool.allocator(),
      onChange: () => this.tellFacts(),
    });
    const at = (listen: ListenAt, index: number): ListenAt => ({ ...listen, port: ports[index] ?? listen.port });
    this.rtmp = new RtmpServer(
      {
        listen: at(rtmp.listen, 0),
        tls: rtmp.tls && certificate && { listen: at(rtmp.tls.listen, 1), ...certificate },
        limits: { ...defaultRtmpLimits, maxPublishers: rtmp.maxPublishers, maxPerIp: rtmp.maxPerIp },
      },
      {
        clock,
        log,
        authorizePublish: ({ app, streamName }, signal) => this.authorize({ app, streamName }, signal),
        openPublication: (grant, connection) => this.pipeline.broadcasts.open(grant, connection),
      },
    );
  }

  /** Takes up earlier broadcasts and listens; gives the ports. */
  async start(): Promise<number[]> {
    this.pipeline.restore(this.options.restored);
    await this.pipeline.start();
    await this.rtmp.start(new AbortController().signal);
    this.cancelFigures = monitorLoop((loop) => this.tellFigures(loop));
    this.tellFacts();
    return this.rtmp.addresses.map(({ port }) => port);
  }

  /** Sends all publishers away; their broadcasts can be taken up again. */
  async stop(): Promise<void> {
    this.cancelFigures();
    await this.pipeline.broadcasts.stop();
    await this.rtmp.stop();
    await this.pipeline.stop();
  }

  slabsFreed(ids: readonly number[]): void {
    for (const id of ids) this.pool.slabFreed(id);
  }

  /** Where a part lies that has not been handed on yet. */
  readonly rangeOf = (bytes: Uint8Array) => this.pool.rangeOf(bytes);

  stopStream(streamId: string, reason: 'operator' | 'key_revoked'): boolean {
    return this.pipeline.stopStream(streamId, reason);
  }

  endByKey(keyId: string): void {
    this.pipeline.endByKey(keyId);
  }

  /** For RTMPS connections that come from now on. */
  setCertificate(pair: CertificatePair): void {
    this.rtmp.setCertificate(pair);
  }

  private async authorize(attempt: PublishAttemptMessage, signal: AbortSignal) {
    const answer = await this.control.authorizePublish(attempt);
    if (!answer.allowed) return { allowed: false as const, error: errorOf(answer) };
    await this.pipeline.broadcasts.takeoverTurn(answer.grant.channel, signal);
    return { allowed: true as const, grant: answer.grant as PublishGrant };
  }

  /** Once for all that happens in one go. */
  private tellFacts(): void {
    if (this.areFactsDue) return;
    this.areFactsDue = true;
    queueMicrotask(() => {
      this.areFactsDue = false;
      this.control.facts(this.pipeline.facts());
    });
  }

  private tellFigures(loop: LoopFigures): void {
    const { connections, publishers, bytesIn, heldBytes, refused } = this.rtmp.stats();
    const slabBytes = this.pool.sizeBytes;
    this.control.figures({ connections, publishers, bytesIn, heldBytes, refused, slabBytes, ...loop });
  }
}

function errorOf({ code, details }: Extract<PublishAnswer, { allowed: false }>): StreamctlError {
  return new StreamctlError(code, details as never);
}
