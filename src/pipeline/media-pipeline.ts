import type { Clock } from '../base/clock.ts';
import { StreamctlError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { HlsConfig, RtmpConfig } from '../config/schema.ts';
import { newStreamId } from '../contract/names.ts';
import type { Log } from '../observability/log.ts';
import { Packager, type PackagerNotice } from '../packager/packager.ts';
import { Broadcasts, type NewBroadcast } from '../stream/broadcasts.ts';
import type { Continuity } from '../stream/continuity.ts';
import type { FeedSink } from '../stream/feed.ts';
import { LiveStream, streamStartMs } from '../stream/live-stream.ts';
import type { PartAllocator } from '../stream/part-memory.ts';
import type { Publication, PublisherConnection, PublishGrant, PublishPolicy } from '../stream/publication.ts';
import type { StreamChange } from '../stream/stream-change.ts';
import { BroadcastCheckup } from './broadcast-checkup.ts';
import { reportChange } from './change-report.ts';
import { IngestMeter } from './ingest-meter.ts';
import { factsOf, type LiveBroadcast } from './live-broadcast.ts';
import type { Announcement, LiveFacts } from './live-facts.ts';
import { NewestPicture } from './newest-picture.ts';
import { noticeSentence } from './packager-notice.ts';
import { PartAges } from './part-ages.ts';
import { PolicyGuard } from './policy-guard.ts';
import { ServiceLevels } from './service-levels.ts';
import type { SoundTranscoding } from './sound-transcoding.ts';
import type { StreamRecorder } from './stream-records.ts';
import type { Transcoding } from './transcoding.ts';

export interface MediaPipelineOptions {
  readonly hls: HlsConfig;
  readonly rtmp: Pick<RtmpConfig, 'graceMs' | 'pendingTimeoutMs' | 'maxPublishers'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly records: StreamRecorder;
  readonly transcoding: Transcoding;
  readonly sounds: SoundTranscoding;
  /** Where media goes: to delivery. */
  readonly feed: FeedSink;
  /** Memory for the parts of one stream. */
  readonly allocator: () => PartAllocator;
  /** What is told of the broadcasts has changed. */
  readonly onChange: () => void;
}

/** A broadcast of an earlier process or thread, to be taken up. */
export interface RestoredStream {
  readonly id: string;
  readonly channel: string;
  readonly keyId: string | undefined;
  /** Wall clock. */
  readonly createdAtMs: number;
  /** Where it goes on; absent for one that waits for its first publisher. */
  readonly continuity?: Continuity;
}

const continuityIntervalMs = 1000;

/** From publishers to the part feed: makes a stream core and a packager for every broadcast, and writes down what happens. */
export class MediaPipeline implements Service {
  readonly broadcasts: Broadcasts;
  readonly levels: ServiceLevels;
  /** How old frames are when they are in a part. */
  readonly ages: PartAges;
  private readonly options: MediaPipelineOptions;
  private readonly records: StreamRecorder;
  private readonly live = new Map<string, LiveBroadcast>();
  private readonly savedMsn = new Map<string, number>();
  /** Keys that have changed since the start: who was let in just before must not have missed it. */
  private readonly keyNews = new Map<string, PublishPolicy | 'revoked'>();
  private timer: NodeJS.Timeout | undefined;

  constructor(options: MediaPipelineOptions) {
    this.options = options;
    this.records = options.records;
    this.ages = new PartAges(options.clock);
    this.levels = new ServiceLevels(options.clock);
    this.broadcasts = new Broadcasts(
      options.clock,
      (grant) => this.create(grant),
      (stalledMs) => this.stoodStill(stalledMs),
    );
  }

  /** Takes up the broadcasts of an earlier process or thread, interrupted from now on. */
  restore(streams: readonly RestoredStream[]): void {
    for (const stream of streams) this.restoreOne(stream);
  }

  async start(): Promise<void> {
    await this.broadcasts.start();
    this.timer = setInterval(() => this.everySecond(), continuityIntervalMs);
  }

  /** Sends the publishers away; their streams stay ACTIVE in the store, to be taken up again. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.broadcasts.stop();
    await Promise.all([this.options.transcoding.stop(), this.options.sounds.stop()]);
    this.saveContinuity();
  }

  /** Makes a broadcast that waits for its publisher. Throws STREAM_ALREADY_ANNOUNCED when the channel has one, and STREAM_ANNOUNCED_LIMIT. */
  announce({ id, channel, keyId }: Announcement): void {
    const running = this.broadcasts.current(channel);
    if (running !== undefined) throw new StreamctlError('STREAM_ALREADY_ANNOUNCED', { channel, streamId: running.id });
    const { maxPublishers: limit } = this.options.rtmp;
    const waiting = this.broadcasts.streams.filter(({ state }) => state === 'PENDING_INGEST').length;
    if (waiting >= limit) throw new StreamctlError('STREAM_ANNOUNCED_LIMIT', { limit });
    this.broadcasts.announce({ id, channel, ...(keyId !== undefined && { keyId }) });
    this.options.log.info({ stream: id, channel, keyId }, 'stream announced, waiting for its publisher');
    this.options.onChange();
  }

  /** A publisher begins or continues its channel's broadcast. Throws ACCESS_KEY_REVOKED when its key was revoked meanwhile. */
  open(grant: PublishGrant, connection: PublisherConnection): Publication {
    const { keyId } = grant;
    const news = keyId === undefined ? undefined : this.keyNews.get(keyId);
    if (news === 'revoked') throw new StreamctlError('ACCESS_KEY_REVOKED', { keyId: keyId! });
    const policy = news ?? grant;
    const publication = this.broadcasts.open(grant, connection);
    const { id } = this.broadcasts.find(grant.channel)!;
    this.options.transcoding.restrict(id, policy.rungs);
    const { checkup, guard } = this.live.get(id)!;
    return guard.attend(checkup.attend(publication, policy), policy);
  }

  /** `bitrateBps` knows how much of a stream's rendition has been fed, on average. */
  facts(bitrateBps: (streamId: string, rendition: string) => number): LiveFacts[] {
    const { transcoding } = this.options;
    return [...this.live.values()].map((broadcast) => factsOf(broadcast, transcoding, bitrateBps));
  }

  /** Takes a picture of a broadcast over. */
  thumbnail(streamId: string, jpeg: Uint8Array): void {
    this.live.get(streamId)?.picture.offer(jpeg);
  }

  /** Whether the channel has a broadcast that has begun, with or without its publisher. */
  isOnAir(channel: string): boolean {
    return this.broadcasts.current(channel)?.state === 'ACTIVE';
  }

  /** False when no such stream runs here. */
  stopStream(streamId: string): boolean {
    const { stream } = this.live.get(streamId) ?? {};
    if (stream === undefined || stream.hasEnded) return false;
    stream.stop('operator');
    return true;
  }

  /** Ends what is published, or was announced, with a key that was revoked. */
  endByKey(keyId: string): void {
    this.keyNews.set(keyId, 'revoked');
    for (const { stream } of this.ofKey(keyId)) stream.stop('key_revoked');
  }

  /** The policy of a key was changed: it holds for what is published with it now. */
  changePolicy(keyId: string, policy: PublishPolicy): void {
    if (this.keyNews.get(keyId) === 'revoked') return;
    this.keyNews.set(keyId, policy);
    for (const { stream, checkup, guard } of this.ofKey(keyId)) {
      this.options.transcoding.restrict(stream.id, policy.rungs);
      checkup.expect(policy);
      guard.change(policy);
    }
  }

  private ofKey(keyId: string): LiveBroadcast[] {
    return [...this.live.values()].filter(({ stream }) => stream.keyId === keyId);
  }

  private create({ id = newStreamId(), channel, keyId }: NewBroadcast): LiveStream {
    const stream = { id, channel, keyId, createdAtMs: this.options.clock.wallMs() };
    this.records.created(stream);
    return this.assemble(stream);
  }

  private restoreOne(restored: RestoredStream): void {
    const { id, channel, continuity } = restored;
    const stream = this.assemble(restored);
    this.broadcasts.add(stream);
    if (continuity !== undefined) {
      this.live.get(id)!.packager.resume(stream.nowMs());
      this.records.interrupted(id, stream.interruptedSinceMs!, 'restart');
    }
    this.options.log.info({ stream: id, channel }, 'stream taken up after a restart, waiting for its publisher');
  }

  private assemble({ id, channel, keyId, createdAtMs, continuity }: RestoredStream): LiveStream {
    const { clock, hls, rtmp, feed, allocator, transcoding, sounds } = this.options;
    const availabilityStartMs = continuity?.availabilityStartMs ?? createdAtMs - streamStartMs;
    const packager = new Packager({
      streamId: id,
      channel,
      availabilityStartMs,
      wishes: hls,
      emit: (message) => feed(this.ages.dated(message)),
      memory: allocator(),
      notice: (notice) => this.note(id, notice),
      reached: (type) => this.records.reached(id, { type }),
      ...(continuity && { continuity }),
    });
    const ladder = transcoding.open(id, packager, (text) => this.live.get(id)?.checkup.stand('source-replaced', text));
    const stream = new LiveStream({
      id,
      channel,
      keyId,
      clock,
      sink: sounds.open(id, ladder, (text) => this.live.get(id)?.checkup.stand('sound-untaken', text)),
      availabilityStartMs,
      createdAtMs,
      ...rtmp,
      onChange: (changed, change) => this.changed(changed, change),
      isRestored: continuity !== undefined,
    });
    this.levels.open(stream);
    this.ages.open(stream);
    this.live.set(id, {
      stream,
      packager,
      meter: new IngestMeter(clock),
      picture: new NewestPicture(clock),
      checkup: new BroadcastCheckup({
        clock,
        segmentMs: hls.segmentMs,
        tell: (type, text) => {
          this.records.warned(id, { type, text });
          this.options.log.warn({ stream: id, channel }, text);
        },
      }),
      guard: new PolicyGuard(stream, clock),
    });
    return stream;
  }

  private changed(stream: LiveStream, change: StreamChange): void {
    this.options.onChange();
    this.levels.changed(stream, change);
    reportChange(stream, change, this.options);
    if (change.type !== 'ended') return;
    this.live.delete(stream.id);
    this.ages.close(stream.id);
    this.savedMsn.delete(stream.id);
  }

  /** The first of its kind is told; the counters have the rest. */
  private note(id: string, notice: PackagerNotice): void {
    this.live.get(id)?.checkup.tellOnce(notice.type, noticeSentence(notice, this.options.hls));
  }

  private stoodStill(stalledMs: number): void {
    for (const { checkup, guard } of this.live.values()) {
      checkup.forgive();
      guard.forgive();
    }
    this.options.log.warn(
      { stalled_ms: Math.round(stalledMs) },
      'the process stood still: the machine was too busy, or it was paused',
    );
  }

  private everySecond(): void {
    this.levels.look();
    for (const { meter, stream, packager, picture, checkup, guard } of [...this.live.values()]) {
      meter.sample(stream.publisher);
      checkup.look();
      guard.look();
      if (stream.hasEnded) continue;
      const thumbnail = packager.isListed ? picture.take() : undefined;
      if (thumbnail !== undefined) this.options.feed({ type: 'thumbnail', streamId: stream.id, thumbnail });
    }
    this.saveContinuity();
    this.options.onChange();
  }

  private saveContinuity(): void {
    const entries = [];
    for (const { stream, packager } of this.live.values()) {
      const continuity = packager.continuity();
      if (continuity === undefined || this.savedMsn.get(stream.id) === continuity.nextMsn) continue;
      this.savedMsn.set(stream.id, continuity.nextMsn);
      entries.push({ streamId: stream.id, continuity });
    }
    this.records.saveContinuity(entries);
  }
}
