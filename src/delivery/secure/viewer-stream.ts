import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Delivery } from '../delivery.ts';
import type { SlowReaderBudget } from '../paced-body.ts';
import type { PendingReply, PlaybackRequest, ProgressiveReply, ProgressSink, Reply } from '../reply.ts';
import { collectReport } from '../report-body.ts';
import { breakOff } from './break-off.ts';
import type { StreamHeaders } from './stream-headers.ts';

/** What all streams of a thread share. */
export interface StreamLane {
  readonly delivery: Delivery;
  readonly headers: StreamHeaders;
  readonly budget: SlowReaderBudget;
  /** Monotonic time of the last sweep, ms: good enough for deadlines of seconds. */
  nowMs: number;
}

/** What a stream tells its session. */
export interface StreamOwner {
  /** How often the viewer has taken bytes of any answer. */
  readonly progress: number;
  progressed(): void;
  /** Whether the session can have more bytes at once; if not, the stream's `flush` is called when it can. */
  hasRoom(stream: ViewerStream): boolean;
  /** Bytes of an answer are with the session, or no more. */
  flies(bytes: number): void;
  closed(stream: ViewerStream, isBroken: boolean): void;
}

/** Bodies up to this leave in one write; larger ones are cut to pieces, so that a stalled viewer is seen. */
const wholeBytes = 512 * 1024;
const pieceBytes = 256 * 1024;
/** Pieces with the session at once: one on its way, one to follow without a pause. */
const maxFlights = 2;
const withoutBody = { endStream: true } as const;

/** One playback request and its answer, on a stream of HTTP/2. What waits are views on bytes that all viewers share. */
export class ViewerStream implements ProgressSink {
  /** When it has to have taken bytes, monotonic ms. */
  deadlineMs = Number.POSITIVE_INFINITY;
  /** The session's progress when that time began. */
  private progressBefore = 0;
  private readonly stream: ServerHttp2Stream;
  private readonly lane: StreamLane;
  private readonly owner: StreamOwner;
  private held: PendingReply | undefined;
  /** Since when the answer is on its way, where it is timed, monotonic ms; 0: it is not. */
  private timedSinceMs = 0;
  private stopSource: (() => void) | undefined;
  private queue: Uint8Array[] | undefined;
  /** What must stay as it is while this stream does. */
  private kept: readonly Uint8Array[] | undefined;
  private queuedBytes = 0;
  private flights = 0;
  private flyingBytes = 0;
  private isEnding = false;
  private isOver = false;
  /** Whether it was we who broke it off. */
  private isCut = false;

  constructor(stream: ServerHttp2Stream, lane: StreamLane, owner: StreamOwner) {
    this.stream = stream;
    this.lane = lane;
    this.owner = owner;
    stream.on('error', ignore);
    stream.on('close', this.onClose);
  }

  /** Answers a report when its body is there. */
  take(request: PlaybackRequest): void {
    collectReport(this.stream, (body) => {
      if (!this.isOver) this.answer({ ...request, body });
    });
  }

  answer(request: PlaybackRequest): void {
    const { delivery } = this.lane;
    this.timedSinceMs = delivery.counters.times.http2.begin();
    const answer = delivery.answer(request);
    if (answer.kind !== 'pending') {
      this.send(answer);
      return;
    }
    this.held = answer;
    answer.settle(this.onSettled);
  }

  send(reply: Reply | ProgressiveReply): void {
    const { stream, lane } = this;
    if (this.isOver || stream.destroyed || stream.closed) return;
    this.awaitProgress();
    const headers = lane.headers.of(reply);
    if (reply.kind === 'progressive') {
      this.timedSinceMs = 0;
      stream.respond(headers);
      this.follow(reply);
    } else if (reply.body.length === 0) {
      stream.respond(headers, withoutBody);
    } else {
      stream.respond(headers);
      this.sendWhole(reply.body);
    }
  }

  chunk(bytes: Uint8Array): void {
    if (this.isOver) return;
    this.keep([bytes]);
    this.enqueue(bytes);
    this.flush();
    if (this.queuedBytes > this.lane.budget.pendingBytes) this.drop();
  }

  end(): void {
    if (this.isOver) return;
    this.isEnding = true;
    this.flush();
  }

  abort(): void {
    if (this.isOver) return;
    this.lane.delivery.counters.progressiveAborted++;
    this.cut();
  }

  /** The deadline has passed. Whether the viewer has taken nothing of any other answer either. */
  expire(): boolean {
    if (this.isOver) return false;
    this.drop();
    return this.progressBefore === this.owner.progress;
  }

  private follow(reply: ProgressiveReply): void {
    const stop = reply.start(this);
    if (this.isOver) stop();
    else this.stopSource = stop;
  }

  private sendWhole(body: readonly Uint8Array[]): void {
    this.keep(body);
    let sizeBytes = 0;
    for (const piece of body) sizeBytes += piece.length;
    if (sizeBytes > wholeBytes || !this.owner.hasRoom(this)) {
      for (const piece of body) {
        for (let at = 0; at < piece.length; at += pieceBytes) this.enqueue(piece.subarray(at, at + pieceBytes));
      }
      this.end();
      return;
    }
    const { stream, lane } = this;
    lane.delivery.counters.bytesOut += sizeBytes;
    this.flies(sizeBytes);
    stream.cork();
    for (const piece of body) stream.write(piece);
    stream.end();
  }

  private keep(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.lane.delivery.memory.retain(piece);
    this.kept = this.kept === undefined ? pieces : this.kept.concat(pieces);
  }

  private enqueue(bytes: Uint8Array): void {
    this.queue ??= [];
    this.queue.push(bytes);
    this.queuedBytes += bytes.length;
  }

  /** Hands on what the session has room for. */
  flush(): void {
    const { stream, queue = [] } = this;
    if (this.isOver || stream.destroyed || stream.writableEnded) return;
    while (this.flights < maxFlights && queue.length > 0 && this.owner.hasRoom(this)) this.launch(queue.shift()!);
    if (this.isEnding && queue.length === 0) stream.end();
    // It has taken all there is for it now.
    else if (this.flights === 0) this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  private launch(piece: Uint8Array): void {
    const { length } = piece;
    if (this.flights++ === 0) this.awaitProgress();
    this.queuedBytes -= length;
    this.lane.delivery.counters.bytesOut += length;
    this.flies(length);
    this.stream.write(piece, (error) => {
      if (error || this.isOver) return;
      this.flights--;
      this.flies(-length);
      this.owner.progressed();
      this.awaitProgress();
      this.flush();
    });
  }

  private flies(bytes: number): void {
    this.flyingBytes += bytes;
    this.owner.flies(bytes);
  }

  private awaitProgress(): void {
    const { lane, owner } = this;
    this.deadlineMs = lane.nowMs + lane.budget.stallMs;
    this.progressBefore = owner.progress;
  }

  private readonly onSettled = (reply: Reply | ProgressiveReply): void => {
    this.held = undefined;
    this.timedSinceMs = this.lane.delivery.counters.times.http2.renew(this.timedSinceMs);
    this.send(reply);
  };

  private readonly onClose = (): void => {
    const isBroken = !this.isCut && this.stream.rstCode !== constants.NGHTTP2_NO_ERROR;
    if (!isBroken && !this.isCut) this.lane.delivery.counters.times.http2.end(this.timedSinceMs);
    this.isOver = true;
    this.held?.cancel();
    this.held = undefined;
    this.stopSource?.();
    this.queue = undefined;
    if (this.kept !== undefined) for (const piece of this.kept) this.lane.delivery.memory.release(piece);
    this.flies(-this.flyingBytes);
    this.owner.closed(this, isBroken);
  };

  private drop(): void {
    this.lane.delivery.counters.slowReadersDropped++;
    this.cut();
  }

  private cut(): void {
    this.isOver = true;
    this.isCut = true;
    this.queue = undefined;
    this.stopSource?.();
    breakOff(this.stream);
  }
}

function ignore(): void {}
