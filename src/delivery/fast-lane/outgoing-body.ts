import type { Socket } from 'node:net';
import type { PartHolder } from '../../stream/part-memory.ts';
import type { DeliveryCounters } from '../delivery-counters.ts';
import type { PreparedReply } from './prepared-replies.ts';

/** So much is handed to the socket before it has to report progress. */
const flightBytes = 1 << 20;
/** Bodies are cut to this, so that a stalled viewer is seen before much has been handed over. */
const pieceBytes = 512 * 1024;

/** Something on its way to a viewer that did not fit into one write. */
export interface OutgoingBody {
  /** The socket has passed on all it had. */
  drained(): void;
  /** The viewer left. */
  stop(): void;
}

/** A body that is there: an offset into bytes that all viewers share, never a copy of them. */
export class WholeBody implements OutgoingBody {
  private readonly socket: Socket;
  private readonly pieces: readonly Uint8Array[];
  private readonly owner: { finished(): void };
  private readonly memory: PartHolder;
  private index = 0;
  private offset = 0;

  /** `memory` keeps the pieces until the system has taken the last byte. */
  constructor(socket: Socket, pieces: readonly Uint8Array[], owner: { finished(): void }, memory: PartHolder) {
    this.socket = socket;
    this.pieces = pieces;
    this.owner = owner;
    this.memory = memory;
    for (const piece of pieces) memory.retain(piece);
  }

  /** Whether the socket has passed everything on already; if not, the owner hears when it has. */
  start(head: PreparedReply, counters: DeliveryCounters): boolean {
    counters.bytesOut += head.bodyBytes;
    this.socket.cork();
    this.socket.write(head.bytes);
    this.writeFlight();
    this.socket.uncork();
    return this.writeOn();
  }

  drained(): void {
    if (this.writeOn()) this.owner.finished();
  }

  stop(): void {
    // Otherwise the last write releases them, which the socket reports even when it is destroyed.
    if (this.index < this.pieces.length) this.release();
  }

  private readonly release = (): void => {
    for (const piece of this.pieces) this.memory.release(piece);
  };

  private writeOn(): boolean {
    const { socket, pieces } = this;
    while (socket.writableLength === 0) {
      if (this.index === pieces.length) return true;
      socket.cork();
      this.writeFlight();
      socket.uncork();
    }
    // Less than the socket's mark brings no 'drain', and is not worth waiting for.
    return this.index === pieces.length && !socket.writableNeedDrain;
  }

  private writeFlight(): void {
    const { socket, pieces } = this;
    for (let flight = 0; flight < flightBytes && this.index < pieces.length; ) {
      const piece = pieces[this.index]!;
      const isRest = piece.length - this.offset <= pieceBytes;
      const part = isRest && this.offset === 0 ? piece : piece.subarray(this.offset, this.offset + pieceBytes);
      if (isRest && this.index === pieces.length - 1) socket.write(part, this.release);
      else socket.write(part);
      flight += part.length;
      this.offset += part.length;
      if (isRest) {
        this.index++;
        this.offset = 0;
      }
    }
  }
}
