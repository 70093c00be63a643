import { PlaybackGate, type PlaybackPass } from '../access/playback-gate.ts';
import type { Clock } from '../base/clock.ts';
import type { FeedMessage } from '../stream/feed.ts';
import { collectedMemory, type PartHolder } from '../stream/part-memory.ts';
import type { StreamWindow } from '../stream/window.ts';
import type { StreamSnapshot } from './delivered-stream.ts';
import { DeliveredStreams } from './delivered-streams.ts';
import { DeliveryCounters, type DeliveryStats } from './delivery-counters.ts';
import { missing } from './media-answers.ts';
import { type PlaybackTarget, parsePlaybackPath, splitSignedPath } from './playback-path.ts';
import { problem } from './problem.ts';
import type { Answer, PlaybackRequest, ProgressiveReply, Reply } from './reply.ts';
import { allowedMethods, cacheControl, openHeaders, preflightHeaders } from './reply-headers.ts';
import { answerReport } from './report-answers.ts';
import type { OnWanted } from './rung-requests.ts';
import { checked, PendingCheck, refusals } from './signed-answers.ts';
import { StreamAnswers } from './stream-answers.ts';
import type { ViewerEventWriter } from './viewer-events/event-writer.ts';
import { PlaybackEvents } from './viewer-events/playback-events.ts';

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
  private readonly streams: DeliveredStreams;
  private readonly answers: StreamAnswers;
  private events: PlaybackEvents | undefined;
  private writer: ViewerEventWriter | undefined;

  constructor(options: DeliveryOptions) {
    const { clock, memory = collectedMemory, random = Math.random } = options;
    const { maxWaiters = 50_000, tsCacheBytes = 64 << 20, onWanted = () => {} } = options;
    this.clock = clock;
    this.gate = new PlaybackGate(clock);
    this.memory = memory;
    const { blockedSeconds: waited } = this.counters;
    this.streams = new DeliveredStreams({ clock, memory, random, maxWaiters, waited });
    this.answers = new StreamAnswers(clock, { tsCacheBytes, onWanted });
  }

  /** Takes in what happened, and lets go who waited for it. */
  apply(message: FeedMessage): void {
    this.streams.apply(message);
  }

  /** All that is known of every stream. */
  snapshots(): StreamSnapshot[] {
    return this.streams.all.map((stream) => stream.snapshot());
  }

  /** Goes on with what another delivery has come to. */
  restore(snapshot: StreamSnapshot): void {
    this.streams.restore(snapshot);
  }

  /** Forgets a stream with all its media. */
  removeStream(streamId: string): void {
    this.streams.remove(streamId);
  }

  /** The windows, for who has to know what viewers were told. */
  get streamWindows(): Iterable<StreamWindow> {
    return this.streams.windows;
  }

  /** Broadcasts that everybody may see listed: those that everybody may play. */
  get liveStreams(): readonly { name: string; isInterrupted: boolean; pictureAtMs: number | undefined }[] {
    const live = [...this.streams.windows].filter(
      ({ isEnded, stream }) => !isEnded && !this.gate.isSigned(stream.channel),
    );
    return live.map(({ stream, isInterrupted, thumbnail }) => {
      return { name: stream.channel, isInterrupted, pictureAtMs: thumbnail?.madeAtMs };
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
    return this.streams.all.map(({ window, traffic }) => {
      const { bytes, listed, delivered } = traffic;
      return { streamId: window.stream.streamId, bytes, listed: listed.counts, delivered: delivered.counts };
    });
  }

  requestsTotal(): number {
    return this.counters.total;
  }

  stats(): DeliveryStats {
    return this.counters.snapshot(this.streams.heldRequests);
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
    const stream = this.streams.find(target.id);
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
    const stream = this.streams.find(target.id);
    const refusal = this.gate.refusalOf(target.id, stream?.window.stream, pass);
    if (refusal !== undefined) return refusals[refusal].replyTo(request);
    if (target.type === 'check') return checked(pass, this.clock.wallMs());
    if (stream === undefined) return problem('DELIVERY_STREAM_NOT_FOUND', { id: target.id }).replyTo(request);
    const isByChannel = target.id !== stream.window.stream.streamId;
    const found = this.answers.resolve(request, target, stream, isByChannel);
    return 'replyTo' in found ? found.replyTo(request) : stream.waiting.hold(found, request, target, this.answered);
  }

  /** What a player tells of itself. */
  private report(request: PlaybackRequest): Reply {
    return answerReport(
      request,
      (idOrChannel) => this.streams.find(idOrChannel),
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

function classOf(target: PlaybackTarget | undefined): Reply['class'] {
  return target === undefined ? 'other' : target.type;
}
