import { PlaybackGate, type PlaybackPass } from '../access/playback-gate.ts';
import type { Clock } from '../base/clock.ts';
import type { FeedMessage } from '../stream/feed.ts';
import { collectedMemory, type PartHolder } from '../stream/part-memory.ts';
import type { StreamWindow } from '../stream/window.ts';
import { Windows } from '../stream/windows.ts';
import { DeliveredStream, type StreamSnapshot } from './delivered-stream.ts';
import { DeliveryCounters, type DeliveryStats } from './delivery-counters.ts';
import { MediaAnswers, missing } from './media-answers.ts';
import { type PlaybackTarget, parsePlaybackPath, splitSignedPath } from './playback-path.ts';
import { answerPlaylist } from './playlist-answers.ts';
import { problem } from './problem.ts';
import type { Answer, PlaybackRequest, ProgressiveReply, Reply } from './reply.ts';
import { allowedMethods, cacheControl, openHeaders, preflightHeaders } from './reply-headers.ts';
import { answerReport } from './report-answers.ts';
import { Resource } from './resource.ts';
import { type OnWanted, RungRequests } from './rung-requests.ts';
import { checked, PendingCheck, refusals } from './signed-answers.ts';
import { awaitPresentation, awaitRendition } from './start-wait.ts';
import { lastTsMsn, TransportStreamCutter } from './transport-stream-cutter.ts';
import { plannedOf } from './variant.ts';
import type { ViewerEventWriter } from './viewer-events/event-writer.ts';
import { PlaybackEvents } from './viewer-events/playback-events.ts';
import { type Hold, type Occupancy, type Resolution, WaitingRoom } from './waiting-room.ts';

type InitTarget = Extract<PlaybackTarget, { type: 'init' }>;

export interface DeliveryOptions {
  readonly clock: Clock;
  /** Hears which parts are listed, or on their way to a viewer. */
  readonly memory?: PartHolder;
  readonly onWanted?: OnWanted;
  /** Uniform in [0, 1): spreads the answers after an outage. */
  readonly random?: () => number;
  /** How many requests may be held at once; for one stream half of it. */
  readonly maxWaiters?: number;
  /** How much MPEG-TS is kept after it was cut. */
  readonly tsCacheBytes?: number;
}

/**
 * Answers playback requests from windows that it keeps itself, by applying the feed: all that stands between media and HTTP.
 * Knows no socket, so it can run in any thread, behind any server.
 */
export class Delivery {
  readonly counters = new DeliveryCounters();
  /** Who may watch: everybody, until it is told otherwise. */
  readonly gate: PlaybackGate;
  readonly memory: PartHolder;
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly windows: Windows;
  private readonly streams = new Map<string, DeliveredStream>();
  private readonly requests: RungRequests;
  private readonly media: MediaAnswers;
  private readonly occupancy: Occupancy;
  private events: PlaybackEvents | undefined;
  private writer: ViewerEventWriter | undefined;

  constructor(options: DeliveryOptions) {
    const { clock, memory = collectedMemory, random = Math.random } = options;
    const { maxWaiters = 50_000, tsCacheBytes = 64 << 20, onWanted = () => {} } = options;
    this.clock = clock;
    this.gate = new PlaybackGate(clock);
    this.memory = memory;
    this.random = random;
    this.windows = new Windows(clock, memory);
    this.requests = new RungRequests(clock, onWanted);
    this.media = new MediaAnswers(clock, new TransportStreamCutter(tsCacheBytes));
    this.occupancy = {
      count: 0,
      limit: maxWaiters,
      limitPerStream: Math.ceil(maxWaiters / 2),
      waited: this.counters.blockedSeconds,
    };
  }

  /** Takes in what happened, and lets go who waited for it. */
  apply(message: FeedMessage): void {
    this.windows.apply(message);
    if (message.type === 'stream') {
      const { streamId } = message.stream;
      if (!this.streams.has(streamId)) this.add(this.windows.find(streamId)!);
      return;
    }
    const stream = this.streams.get(message.streamId);
    stream?.changed(message);
    if (message.type === 'ended' && stream !== undefined) this.retire(stream);
  }

  /** All that is known of every stream. */
  snapshots(): StreamSnapshot[] {
    return [...this.streams.values()].map((stream) => stream.snapshot());
  }

  /** Goes on with what another delivery has come to. */
  restore(snapshot: StreamSnapshot): void {
    this.close(snapshot.window.stream.streamId);
    const stream = this.add(this.windows.restore(snapshot.window), snapshot);
    if (snapshot.window.isEnded) this.retire(stream);
  }

  /** The windows, for who has to know what viewers were told. */
  get streamWindows(): Iterable<StreamWindow> {
    return this.windows.streams;
  }

  /** Broadcasts that everybody may see listed: those that everybody may play. */
  get liveStreams(): readonly { name: string; isInterrupted: boolean; pictureAtMs: number | undefined }[] {
    const live = [...this.windows.streams].filter(
      ({ isEnded, stream }) => !isEnded && !this.gate.isSigned(stream.channel),
    );
    return live.map(({ stream, isInterrupted, thumbnail }) => {
      return { name: stream.channel, isInterrupted, pictureAtMs: thumbnail?.madeAtMs };
    });
  }

  private add(window: StreamWindow, known?: StreamSnapshot): DeliveredStream {
    const waiting = new WaitingRoom(this.clock, this.random, this.occupancy);
    const stream = new DeliveredStream(window, this.clock, waiting, known);
    this.streams.set(window.stream.streamId, stream);
    return stream;
  }

  /**
   * Lets go of a stream that has ended: its playlists stay for two windows, and a minute at least; the segments then stay for
   * as long as a playlist that was read at the last moment lists them (RFC 8216bis §6.2.2).
   */
  private retire(stream: DeliveredStream): void {
    const { streamId, windowMs, targetDurationSeconds } = stream.window.stream;
    const listedMs = Math.max(2 * windowMs, 60_000);
    this.clock.after(listedMs, () => {
      stream.isRetired = true;
    });
    this.clock.after(listedMs + windowMs + targetDurationSeconds * 2000, () => {
      if (this.streams.get(streamId) === stream) this.removeStream(streamId);
    });
  }

  /** Average bit rate of a rendition's complete segments so far, bit/s. */
  bitrateBps(streamId: string, rendition: string): number {
    return this.streams.get(streamId)?.window.renditions.get(rendition)?.averageBitrateBps ?? 0;
  }

  /** What viewers were sent, by stream. */
  traffic(): {
    readonly streamId: string;
    readonly bytes: number;
    readonly listed: Uint32Array;
    readonly delivered: Uint32Array;
  }[] {
    return [...this.streams].map(([streamId, { traffic }]) => {
      const { bytes, listed, delivered } = traffic;
      return { streamId, bytes, listed: listed.counts, delivered: delivered.counts };
    });
  }

  requestsTotal(): number {
    return this.counters.total;
  }

  /** Forgets a stream with all its media. */
  removeStream(streamId: string): void {
    this.windows.remove(streamId);
    this.close(streamId);
  }

  stats(): DeliveryStats {
    return this.counters.snapshot(this.occupancy.count);
  }

  /** Tells what viewers do from now on. */
  observe(writer: ViewerEventWriter): void {
    this.writer = writer;
    this.events = new PlaybackEvents(writer, this.clock);
  }

  /** A number for a connection that requests come over. */
  newConnection(): number {
    return this.writer?.nameConnection() ?? 0;
  }

  /** The answer, now or later; until it is given, the request must not change. Counts it. */
  answer(request: PlaybackRequest): Answer {
    const signed = splitSignedPath(request.path);
    const pass = this.gate.passOf(signed?.token, request.edgeSecret);
    const plain = signed === undefined ? request : { ...request, path: signed.path, token: linkName(signed.token) };
    if (pass instanceof Promise) return new PendingCheck(pass, (read) => this.answerTo(plain, read));
    return this.answerTo(plain, pass);
  }

  private answerTo(request: PlaybackRequest, pass: PlaybackPass): Answer {
    const target = parsePlaybackPath(request.path);
    const answer = this.decide(request, target, pass);
    if (answer.kind !== 'pending') this.answered(request, target, answer);
    return answer;
  }

  private readonly answered = (
    request: PlaybackRequest,
    target: PlaybackTarget | undefined,
    reply: Reply | ProgressiveReply,
  ): void => {
    this.counters.of(classOf(target))(reply.status);
    if (this.events === undefined || target === undefined || !('id' in target)) return;
    const stream = this.find(target.id);
    if (stream !== undefined) this.events.answered(request, target, stream, reply);
  };

  private decide(request: PlaybackRequest, target: PlaybackTarget | undefined, pass: PlaybackPass): Answer {
    if (target?.type === 'report') return this.report(request);
    if (request.method === 'OPTIONS') return preflight;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const { method } = request;
      return problem('DELIVERY_METHOD_NOT_ALLOWED', { method }, ['Allow', allowedMethods]).replyTo(request);
    }
    if (target === undefined) return missing(request.path).replyTo(request);
    if (target.type === 'time') return this.time(request);
    const stream = this.find(target.id);
    const refusal = this.gate.refusalOf(target.id, stream?.window.stream, pass);
    if (refusal !== undefined) return refusals[refusal].replyTo(request);
    if (target.type === 'check') return checked(pass, this.clock.wallMs());
    if (stream === undefined) return problem('DELIVERY_STREAM_NOT_FOUND', { id: target.id }).replyTo(request);
    const isByChannel = target.id !== stream.window.stream.streamId;
    const found = this.resolve(request, target, stream, isByChannel);
    return 'replyTo' in found ? found.replyTo(request) : stream.waiting.hold(found, request, target, this.answered);
  }

  private find(idOrChannel: string): DeliveredStream | undefined {
    const window = this.windows.find(idOrChannel);
    return window === undefined ? undefined : this.streams.get(window.stream.streamId);
  }

  private resolve(
    request: PlaybackRequest,
    target: Exclude<PlaybackTarget, { type: 'time' | 'check' | 'report' }>,
    stream: DeliveredStream,
    isByChannel: boolean,
  ): Resolution | Hold {
    const { path } = request;
    if (stream.isRetired && !isMedia(target)) return problem('DELIVERY_STREAM_NOT_FOUND', { id: target.id });
    if (target.type === 'multivariant') {
      return awaitPresentation(stream, target.id, path, () => stream.multivariant(target.container, isByChannel));
    }
    if (target.type === 'manifest') {
      return awaitPresentation(stream, target.id, path, () => stream.dashManifest(isByChannel));
    }
    if (target.type === 'thumbnail') return stream.thumbnail() ?? problem('DELIVERY_THUMBNAIL_NOT_FOUND', target);
    if ('quality' in target) this.requests.asked(stream.window, target.quality);
    if (target.type === 'playlist') return answerPlaylist(path, request.query, target, stream, isByChannel);
    const rendition = stream.window.renditions.get(target.quality);
    if (rendition === undefined) {
      return target.type === 'init' ? underName(isByChannel, this.plannedInit(stream, target, path)) : missing(path);
    }
    switch (target.type) {
      case 'init':
        return underName(isByChannel, this.media.init(stream, rendition, target.version, path));
      case 'part':
        return underName(isByChannel, this.media.part(stream, rendition, { ...target, path }));
      case 'segment':
        return underName(isByChannel, this.media.segment(stream, rendition, { ...target, path }));
      case 'ts-segment': {
        const segment = rendition.find(target.msn);
        const lastMsn = lastTsMsn(stream.window, rendition);
        return underName(isByChannel, this.media.transportStream(stream, rendition, segment, path, lastMsn));
      }
    }
  }

  private plannedInit(stream: DeliveredStream, target: InitTarget, path: string): Resolution | Hold {
    const { window } = stream;
    const { quality, version } = target;
    if (plannedOf(window, quality) === undefined) return missing(path);
    const find = () => {
      const rendition = window.renditions.get(quality);
      return rendition && this.media.init(stream, rendition, version, path);
    };
    return awaitRendition(window, quality, { key: path, find });
  }

  /** What a player tells of itself. */
  private report(request: PlaybackRequest): Reply {
    return answerReport(
      request,
      (idOrChannel) => this.find(idOrChannel),
      (body, stream) => this.events?.reported(request, stream, body),
    );
  }

  /** For UTCTiming urn:mpeg:dash:utc:http-iso:2014. */
  private time(request: PlaybackRequest): Reply {
    const body = [Buffer.from(new Date(this.clock.wallMs()).toISOString())];
    const length = ['Content-Length', String(body[0]?.length)];
    const headers = ['Content-Type', 'text/plain', ...length, 'Cache-Control', cacheControl.never, ...openHeaders];
    return { kind: 'whole', class: 'time', status: 200, headers, body: request.method === 'HEAD' ? [] : body };
  }

  private close(streamId: string): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    this.streams.delete(streamId);
    stream.isRemoved = true;
    stream.waiting.close(problem('DELIVERY_STREAM_NOT_FOUND', { id: streamId }));
    stream.followers.tellAll();
  }
}

const preflight: Reply = {
  kind: 'whole',
  class: 'other',
  status: 204,
  headers: [...preflightHeaders, ...openHeaders],
  body: [],
};

/** What tells signed links apart, without being one: the end of the signature. */
function linkName(token: string): string {
  return token.slice(-16);
}

function isListing({ type }: PlaybackTarget): boolean {
  return type === 'multivariant' || type === 'playlist' || type === 'manifest';
}

/** Owed to who has read a playlist, also when the playlist is gone. */
function isMedia(target: PlaybackTarget): boolean {
  return !isListing(target) && target.type !== 'thumbnail';
}

function classOf(target: PlaybackTarget | undefined): Reply['class'] {
  return target === undefined ? 'other' : target.type;
}

/** Media asked for by the channel's name is never kept by a cache: tomorrow the URL means another broadcast. */
function underName(isByChannel: boolean, found: Resolution | Hold): Resolution | Hold {
  if (!isByChannel) return found;
  if ('replyTo' in found) return found instanceof Resource ? found.withCacheControl(cacheControl.never) : found;
  const { test } = found;
  return {
    ...found,
    test: () => {
      const resolution = test();
      return resolution instanceof Resource ? resolution.withCacheControl(cacheControl.never) : resolution;
    },
  };
}
