import type { Clock } from '../base/clock.ts';
import type { Service } from '../base/lifecycle.ts';
import type { HlsConfig, RtmpConfig } from '../config/schema.ts';
import { newStreamId } from '../contract/names.ts';
import type { StreamFinding } from '../doctor/broadcast/stream-finding.ts';
import type { Log } from '../observability/log.ts';
import { Packager, type PackagerNotice } from '../packager/packager.ts';
import { Broadcasts } from '../stream/broadcasts.ts';
import type { Continuity } from '../stream/continuity.ts';
import type { FeedSink } from '../stream/feed.ts';
import { LiveStream, type StreamChange, streamStartMs } from '../stream/live-stream.ts';
import type { PartAllocator } from '../stream/part-memory.ts';
import type { Publication, PublisherConnection, PublishGrant } from '../stream/publication.ts';
import { BroadcastCheckup } from './broadcast-checkup.ts';
import { IngestMeter } from './ingest-meter.ts';
import type { LiveFacts } from './live-facts.ts';
import { NewestPicture } from './newest-picture.ts';
import type { SoundTranscoding } from './sound-transcoding.ts';
import type { SourceTrack, StreamRecorder } from './stream-records.ts';
import type { Transcoding } from './transcoding.ts';

export interface MediaPipelineOptions {
  readonly hls: HlsConfig;
  readonly rtmp: Pick<RtmpConfig, 'graceMs' | 'pendingTimeoutMs'>;
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
  readonly continuity: Continuity;
}

/** A broadcast with all that works for it. */
interface LiveBroadcast {
  readonly stream: LiveStream;
  readonly packager: Packager;
  readonly meter: IngestMeter;
  readonly picture: NewestPicture;
  readonly checkup: BroadcastCheckup;
}

const continuityIntervalMs = 1000;

/** From publishers to the part feed: makes a stream core and a packager for every broadcast, and writes down what happens. */
export class MediaPipeline implements Service {
  readonly broadcasts: Broadcasts;
  private readonly options: MediaPipelineOptions;
  private readonly records: StreamRecorder;
  private readonly live = new Map<string, LiveBroadcast>();
  private readonly savedMsn = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(options: MediaPipelineOptions) {
    this.options = options;
    this.records = options.records;
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

  /** A publisher begins or continues its channel's broadcast. */
  open(grant: PublishGrant, connection: PublisherConnection): Publication {
    const publication = this.broadcasts.open(grant, connection);
    const { id } = this.broadcasts.find(grant.channel)!;
    this.options.transcoding.restrict(id, grant.rungs);
    return this.live.get(id)?.checkup.attend(publication, grant) ?? publication;
  }

  /** `bitrateBps` knows how much of a stream's rendition has been fed, on average. */
  facts(bitrateBps: (streamId: string, rendition: string) => number): LiveFacts[] {
    const { transcoding } = this.options;
    return [...this.live.values()].map((broadcast) => ({
      ...factsOf(broadcast, bitrateBps),
      findings: [...broadcast.checkup.findings, ...transcoding.withheld(broadcast.stream.id).map(withheld)],
      ladder: transcoding.view(broadcast.stream.id),
    }));
  }

  /** Takes a picture of a broadcast over. */
  thumbnail(streamId: string, jpeg: Uint8Array): void {
    this.live.get(streamId)?.picture.offer(jpeg);
  }

  /** Whether the channel has a broadcast, with or without its publisher. */
  isOnAir(channel: string): boolean {
    return this.broadcasts.find(channel) !== undefined;
  }

  /** False when no such stream runs here. */
  stopStream(streamId: string, reason: 'operator' | 'key_revoked'): boolean {
    const { stream } = this.live.get(streamId) ?? {};
    if (stream === undefined || stream.hasEnded) return false;
    stream.stop(reason);
    return true;
  }

  /** Ends what was published with a key. */
  endByKey(keyId: string): void {
    for (const { stream } of [...this.live.values()]) if (stream.keyId === keyId) stream.stop('key_revoked');
  }

  private create(grant: PublishGrant): LiveStream {
    const id = newStreamId();
    this.records.created(id, grant.channel, grant.keyId);
    const availabilityStartMs = this.options.clock.wallMs() - streamStartMs;
    return this.assemble({ id, channel: grant.channel, keyId: grant.keyId, availabilityStartMs });
  }

  private restoreOne({ id, channel, keyId, continuity }: RestoredStream): void {
    const { availabilityStartMs } = continuity;
    const stream = this.assemble({ id, channel, keyId, availabilityStartMs, continuity });
    this.broadcasts.add(stream);
    this.live.get(id)!.packager.resume(stream.nowMs());
    this.records.interrupted(id, stream.interruptedSinceMs!, 'restart');
    this.options.log.info({ stream: id, channel }, 'stream taken up after a restart, waiting for its publisher');
  }

  private assemble(plan: {
    readonly id: string;
    readonly channel: string;
    readonly keyId: string | undefined;
    readonly availabilityStartMs: number;
    readonly continuity?: Continuity;
  }): LiveStream {
    const { clock, hls, rtmp, feed, allocator, transcoding, sounds } = this.options;
    const { id, channel, keyId, availabilityStartMs, continuity } = plan;
    const packager = new Packager({
      streamId: id,
      channel,
      availabilityStartMs,
      wishes: hls,
      emit: feed,
      memory: allocator(),
      notice: (notice) => this.note(id, notice),
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
      ...rtmp,
      onChange: (changed, change) => this.changed(changed, change),
      isRestored: continuity !== undefined,
    });
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
    });
    return stream;
  }

  private changed(stream: LiveStream, change: StreamChange): void {
    const { log } = this.options;
    const { id, channel } = stream;
    const fields = { stream: id, channel };
    this.options.onChange();
    switch (change.type) {
      case 'started':
        this.records.started(id, this.tracks(id), publisherOf(change.connection));
        log.info({ ...fields, ...publisherOf(change.connection) }, 'stream started');
        return;
      case 'resumed':
        this.records.resumed(id, this.tracks(id), publisherOf(change.connection));
        log.info({ ...fields, ...publisherOf(change.connection) }, 'stream resumed');
        return;
      case 'replaced':
        this.records.replaced(id, publisherOf(change.connection));
        log.warn({ ...fields, ...publisherOf(change.connection) }, 'a newer publisher took the stream over');
        return;
      case 'interrupted':
        this.records.interrupted(id, stream.interruptedSinceMs!, 'connection lost');
        log.warn(fields, 'publisher lost, waiting for its return');
        return;
      case 'ended':
        this.records.ended(id, change.state, change.reason);
        this.live.delete(id);
        this.savedMsn.delete(id);
        log.info({ ...fields, state: change.state, reason: change.reason }, 'stream ended');
    }
  }

  private tracks(id: string): SourceTrack[] {
    const publisher = this.live.get(id)?.stream.publisher;
    return [publisher?.video, publisher?.audio].filter((config) => config !== undefined);
  }

  /** The first of its kind is told; the counters have the rest. */
  private note(id: string, notice: PackagerNotice): void {
    this.live.get(id)?.checkup.tellOnce(notice.type, noticeSentence(notice, this.options.hls));
  }

  private stoodStill(stalledMs: number): void {
    for (const { checkup } of this.live.values()) checkup.forgive();
    this.options.log.warn(
      { stalled_ms: Math.round(stalledMs) },
      'the process stood still: the machine was too busy, or it was paused',
    );
  }

  private everySecond(): void {
    for (const { meter, stream, packager, picture, checkup } of this.live.values()) {
      meter.sample(stream.publisher);
      checkup.look();
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

function factsOf(
  { stream, packager, meter }: LiveBroadcast,
  bitrateBps: (streamId: string, rendition: string) => number,
): Omit<LiveFacts, 'findings' | 'ladder'> {
  const { publisher } = stream;
  const { droppedFrames, surplusFrames } = packager.repairs;
  return {
    streamId: stream.id,
    channel: stream.channel,
    interruptedSinceMs: stream.interruptedSinceMs,
    ingest: publisher && {
      bitrateBps: meter.bitrateBps,
      encoder: publisher.connection.encoder,
      remoteAddress: publisher.connection.remoteAddress,
      connectedAtMs: publisher.connectedAtMs,
      frames: publisher.videoFrames + publisher.audioFrames,
      dropped: droppedFrames + surplusFrames + stream.repairs.droppedFrames,
    },
    renditions: packager.renditions.map(({ name, config, frameRate }) => ({
      name,
      width: config.kind === 'video' ? config.widthPixels : null,
      height: config.kind === 'video' ? config.heightPixels : null,
      fps: frameRate ?? null,
      bitrate_bps: bitrateBps(stream.id, name),
      codecs: config.codecString,
    })),
  };
}

function withheld(text: string): StreamFinding {
  return { code: 'rung-withheld', severity: 'warning', figures: { text } };
}

function publisherOf(connection: { readonly remoteAddress: string; readonly encoder: string }) {
  return { remote_address: connection.remoteAddress, encoder: connection.encoder };
}

function noticeSentence(notice: PackagerNotice, hls: HlsConfig): string {
  const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
  const advice = `In OBS: Settings, Output, Advanced, Keyframe Interval: ${Math.round(hls.segmentMs / 1000)} s.`;
  switch (notice.type) {
    case 'long-gop':
      return Number.isFinite(notice.gopMs)
        ? `Keyframes come only every ${seconds(notice.gopMs)}, so segments are that long and viewers are far behind. ${advice}`
        : `No keyframe came for ${seconds(hls.maxGopMs)}, so segments are cut without one and viewers start late. ${advice}`;
    case 'forced-cut':
      return `Keyframes are further apart than segments may be long, so some segments do not begin with one. ${advice}`;
  }
}
