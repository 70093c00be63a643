import type { ServerHttp2Stream } from 'node:http2';
import { breakOff } from './break-off.ts';

export interface ForeignStreamDeadlines {
  /** For receiving a request with its body, ms. */
  readonly requestMs: number;
  /** How long the viewer may take no bytes at all, ms. */
  readonly stallMs: number;
}

/** A request that is not for playback, answered elsewhere: here it is only seen that it does not stay for ever. */
export class ForeignStream {
  private readonly stream: ServerHttp2Stream;
  private readonly deadlines: ForeignStreamDeadlines;
  private readonly beganMs: number;
  private unsentBytes = 0;
  private progressMs: number;

  constructor(stream: ServerHttp2Stream, nowMs: number, deadlines: ForeignStreamDeadlines, onClose: () => void) {
    this.stream = stream;
    this.deadlines = deadlines;
    this.beganMs = nowMs;
    this.progressMs = nowMs;
    stream.on('error', ignore);
    stream.on('close', onClose);
  }

  /** Ends what takes too long. */
  sweep(nowMs: number): void {
    const { stream, deadlines } = this;
    if (stream.closed || stream.destroyed) return;
    const unsentBytes = stream.bufferSize;
    if (unsentBytes === 0 || unsentBytes !== this.unsentBytes) this.progressMs = nowMs;
    this.unsentBytes = unsentBytes;
    const isStalled = nowMs - this.progressMs > deadlines.stallMs;
    const isRequestLate = nowMs - this.beganMs > deadlines.requestMs && stream.state.remoteClose !== 1;
    if (isStalled || isRequestLate) breakOff(stream);
  }
}

function ignore(): void {}
