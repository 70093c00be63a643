import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import type { PartHolder } from '../stream/part-memory.ts';
import type { DeliveryCounters } from './delivery-counters.ts';

/** What a viewer may leave untaken. */
export interface SlowReaderBudget {
  /** How long it may take no bytes at all, ms. */
  readonly stallMs: number;
  /** How far it may fall behind a body that grows. */
  readonly pendingBytes: number;
}

export interface PacedBodyOptions {
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly budget: SlowReaderBudget;
  readonly counters: DeliveryCounters;
  /** Keeps what was to be sent until the answer is over. */
  readonly memory: PartHolder;
}

/** So much is handed to the socket before it has to report progress. */
const flightBytes = 1 << 20;
/** Whole bodies are cut to this, so that a stalled viewer is seen before a large one has been sent. */
const pieceBytes = 512 * 1024;

/**
 * Writes a body as fast as the viewer takes it. What waits are views on bytes that all viewers share, never copies;
 * whoever takes nothing for too long, or falls too far behind a body that grows, loses the connection.
 */
export class PacedBody {
  private readonly options: PacedBodyOptions;
  private readonly queue: Uint8Array[] = [];
  private readonly retained: Uint8Array[] = [];
  private queuedBytes = 0;
  private inFlightBytes = 0;
  private isEnding = false;
  private isBlocked = false;
  private cancelStallTimer = () => {};

  constructor(options: PacedBodyOptions) {
    this.options = options;
    options.response.once('close', () => this.close());
  }

  /** The answer is over, however it ended: nothing of it is read any more. */
  close(): void {
    this.cancelStallTimer();
    for (const piece of this.retained.splice(0)) this.options.memory.release(piece);
  }

  /** All of a body that is there. */
  sendWhole(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.retain(piece);
      for (let at = 0; at < piece.length; at += pieceBytes) this.queue.push(piece.subarray(at, at + pieceBytes));
    }
    this.options.response.cork();
    this.end();
    this.options.response.uncork();
  }

  /** The next chunk of a body that grows: leaves in one write. */
  push(chunk: Uint8Array): void {
    this.retain(chunk);
    this.queue.push(chunk);
    this.queuedBytes += chunk.length;
    this.flush();
    if (this.queuedBytes > this.options.budget.pendingBytes) this.drop();
  }

  end(): void {
    this.isEnding = true;
    this.flush();
  }

  /** Breaks the answer off: the connection goes, the final chunk is never sent. */
  abort(): void {
    this.options.counters.progressiveAborted++;
    this.options.response.destroy();
  }

  private retain(piece: Uint8Array): void {
    this.retained.push(piece);
    this.options.memory.retain(piece);
  }

  private flush(): void {
    const { response, counters } = this.options;
    if (this.isBlocked || response.destroyed || response.writableEnded) return;
    for (let piece = this.queue.shift(); piece !== undefined; piece = this.queue.shift()) {
      this.queuedBytes -= piece.length;
      this.inFlightBytes += piece.length;
      counters.bytesOut += piece.length;
      const isTaken = response.write(piece);
      if (!isTaken && this.inFlightBytes >= flightBytes) {
        this.awaitDrain();
        return;
      }
    }
    if (!this.isEnding) return;
    response.end();
    if ((response.socket?.writableLength ?? 0) > 0) this.watch();
  }

  private awaitDrain(): void {
    this.isBlocked = true;
    this.watch();
    this.options.response.once('drain', () => {
      this.isBlocked = false;
      this.inFlightBytes = 0;
      this.cancelStallTimer();
      this.flush();
    });
  }

  private watch(): void {
    const { clock, budget } = this.options;
    this.cancelStallTimer();
    this.cancelStallTimer = clock.after(budget.stallMs, () => this.drop());
  }

  private drop(): void {
    if (this.options.response.destroyed) return;
    this.options.counters.slowReadersDropped++;
    this.options.response.destroy();
  }
}
