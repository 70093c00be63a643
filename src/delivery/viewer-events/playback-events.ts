import type { Clock } from '../../base/clock.ts';
import { cmcdOfQuery } from '../../cmcd/request-parts.ts';
import type { DeliveredStream } from '../delivered-stream.ts';
import type { PlaybackTarget } from '../playback-path.ts';
import type { PlaybackRequest, ProgressiveReply, Reply } from '../reply.ts';
import type { NewViewerEvent, ViewerEventWriter } from './event-writer.ts';

type Mutable<T> = { -readonly [Member in keyof T]: T[Member] };

/** Turns answered requests into viewer events, without taking memory for them. */
export class PlaybackEvents {
  private readonly writer: ViewerEventWriter;
  private readonly clock: Clock;
  /** The one being written. */
  private readonly event: Mutable<NewViewerEvent> = {
    kind: 'report',
    stream: 0,
    rendition: '',
    isAudio: false,
    isDash: false,
    status: 0,
    bytes: 0,
    msn: 0,
    index: 0,
    ageMs: undefined,
    isReload: false,
  };

  constructor(writer: ViewerEventWriter, clock: Clock) {
    this.writer = writer;
    this.clock = clock;
  }

  /** A request for something of a stream was answered. Who only looks whether something is there is no viewer. */
  answered(
    request: PlaybackRequest,
    target: PlaybackTarget,
    stream: DeliveredStream,
    reply: Reply | ProgressiveReply,
  ): void {
    const { type } = target;
    const isOfNoViewer = type === 'time' || type === 'check' || type === 'report' || type === 'thumbnail';
    if (isOfNoViewer || request.method !== 'GET' || request.viewer === undefined) return;
    const { event } = this;
    const rendition = 'quality' in target ? stream.window.renditions.get(target.quality) : undefined;
    const text = request.cmcd ?? (request.query === '' ? undefined : cmcdOfQuery(request.query));
    event.kind = type;
    event.stream = this.numberOf(stream);
    event.rendition = rendition === undefined || !('quality' in target) ? '' : target.quality;
    event.isAudio = rendition?.description.config.kind === 'audio';
    event.isDash = type === 'manifest' || (type === 'segment' && target.protocol === 'dash');
    event.status = reply.status;
    event.bytes = reply.kind === 'whole' ? lengthOf(reply.body) : 0;
    event.msn = 'msn' in target ? target.msn : 0;
    event.index = type === 'part' ? target.index : 0;
    event.ageMs = text === undefined ? undefined : this.ageMs(stream, target);
    event.isReload = type === 'playlist' && request.query.includes('_HLS_msn=');
    this.writer.add(event, request, text, request.cmcd !== undefined);
    stream.traffic.bytes += event.bytes;
    if (event.bytes > 0 && (type === 'part' || type === 'segment')) this.sent(stream, target);
  }

  private sent({ window, traffic }: DeliveredStream, target: PlaybackTarget & { type: 'part' | 'segment' }): void {
    const segment = window.renditions.get(target.quality)?.find(target.msn);
    if (segment === undefined) return;
    const nowMs = this.clock.wallMs();
    const part = target.type === 'part' ? segment.parts[target.index] : undefined;
    if (part !== undefined) traffic.partSent(part, nowMs);
    else if (target.type === 'segment') traffic.segmentSent(segment, nowMs);
  }

  /** A player has posted reports about this stream. */
  reported(request: PlaybackRequest, stream: DeliveredStream | undefined, body: Uint8Array): void {
    const { event } = this;
    event.kind = 'report';
    event.stream = stream === undefined ? 0 : this.numberOf(stream);
    event.rendition = '';
    event.isAudio = false;
    event.isDash = false;
    event.status = 204;
    event.bytes = 0;
    event.msn = 0;
    event.index = 0;
    event.ageMs = undefined;
    event.isReload = false;
    this.writer.add(event, request, body);
  }

  private numberOf(stream: DeliveredStream): number {
    if (stream.eventNumber === 0) {
      const { streamId, channel, targetDurationSeconds, partTargetMs } = stream.window.stream;
      const targetDurationMs = targetDurationSeconds * 1000;
      stream.eventNumber = this.writer.nameStream({ streamId, channel, targetDurationMs, partTargetMs });
    }
    return stream.eventNumber;
  }

  /** How long ago that was live what a segment or part begins with. */
  private ageMs({ window }: DeliveredStream, target: PlaybackTarget): number | undefined {
    if (!('msn' in target)) return undefined;
    const rendition = window.renditions.get(target.quality);
    const segment = rendition?.find(target.msn);
    const start = target.type === 'part' ? segment?.parts[target.index] : segment;
    if (rendition === undefined || start === undefined) return undefined;
    const startMs = (start.startTicks * 1000) / rendition.description.timescale;
    return this.clock.wallMs() - window.stream.availabilityStartMs - startMs;
  }
}

function lengthOf(body: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const piece of body) bytes += piece.length;
  return bytes;
}
