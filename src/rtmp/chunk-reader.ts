import { StreamctlError } from '../base/errors.ts';
import { ChunkStream } from './chunk-stream.ts';
import { defaultChunkSizeBytes, maxChunkSizeBytes, messageType, type RtmpMessage } from './message.ts';
import type { MessageBuffers } from './message-buffers.ts';

export interface ChunkReaderOptions {
  readonly buffers: MessageBuffers;
  /** A longer message ends the connection before memory is taken for it. */
  readonly maxMessageBytes?: number;
  /** What the unfinished messages of this connection may occupy together. */
  readonly maxHeldBytes?: number;
  readonly maxChunkStreams?: number;
}

/** Basic header of 3 bytes, message header of 11, extended timestamp of 4 (RTMP 1.0 §5.3.1). */
const maxHeaderBytes = 18;
const extendedTimestamp = 0xffffff;
const messageHeaderBytes = [11, 7, 3, 0] as const;
const noPayload = new Uint8Array(0);

/**
 * Takes bytes as they come from the socket and calls back with every whole message (RTMP 1.0 §5.3).
 * Set Chunk Size and Abort are obeyed here and not passed on. Memory grows with what has arrived, never with what was announced.
 *
 * A message that lies whole in one read is compacted in place, over its own chunk headers: ffmpeg never leaves
 * the chunk size of 128, so a frame of 20 KB comes as 160 chunks.
 */
export class ChunkReader {
  /** Bytes of the peer's chunks at present. */
  chunkSizeBytes = defaultChunkSizeBytes;
  /** Bytes read so far, for acknowledgements. */
  bytesRead = 0;
  /** Messages begun and never finished, by Abort or by a new header. */
  abandonedMessages = 0;
  private readonly buffers: MessageBuffers;
  private readonly maxMessageBytes: number;
  private readonly maxHeldBytes: number;
  private readonly maxChunkStreams: number;
  private readonly onMessage: (message: RtmpMessage) => void;
  private readonly streams = new Map<number, ChunkStream>();
  private readonly message = {
    typeId: 0,
    streamId: 0,
    timestampMs: 0,
    payload: noPayload as Uint8Array,
    arrivedAtMs: 0,
  };
  /** When the bytes came that are being read. */
  private readAtMs = 0;
  private readonly carry = new Uint8Array(maxHeaderBytes);
  private carryBytes = 0;
  private current: ChunkStream | undefined;
  /** Payload bytes of the current chunk still to come. */
  private chunkRemaining = 0;
  private heldBytes = 0;
  private isDisposed = false;

  constructor(options: ChunkReaderOptions, onMessage: (message: RtmpMessage) => void) {
    this.buffers = options.buffers;
    this.maxMessageBytes = options.maxMessageBytes ?? 4 << 20;
    this.maxHeldBytes = options.maxHeldBytes ?? 8 << 20;
    this.maxChunkStreams = options.maxChunkStreams ?? 64;
    this.onMessage = onMessage;
  }

  /**
   * Takes over `input`, which was read from the socket at `readAtMs`: its bytes may be moved within it, and payloads are views of it.
   * Throws RTMP_CHUNK_INVALID, RTMP_MESSAGE_TOO_LARGE or RTMP_MEMORY_BUDGET, after which the connection is lost; and whatever the callback throws.
   */
  push(input: Uint8Array, readAtMs = 0): void {
    this.readAtMs = readAtMs;
    this.bytesRead += input.length;
    this.read(input);
  }

  /** Gives all memory back; the rest of what was pushed is not looked at. Nothing may be pushed afterwards. */
  dispose(): void {
    this.isDisposed = true;
    for (const stream of this.streams.values()) this.release(stream);
    this.streams.clear();
    this.current = undefined;
  }

  private read(input: Uint8Array): void {
    const end = input.length;
    let at = 0;
    if (this.carryBytes > 0) {
      at = this.finishHeader(input);
      if (at < 0) return;
    }
    for (;;) {
      if (this.chunkRemaining > 0) at = this.readPayload(input, at, end);
      if (at === end || this.isDisposed) return;
      const sizeBytes = this.readHeader(input, at, end);
      if (sizeBytes === 0) {
        this.carry.set(input.subarray(at, end));
        this.carryBytes = end - at;
        return;
      }
      at += sizeBytes;
    }
  }

  /** Completes a header whose first bytes came with an earlier read. Returns where to go on in `input`, or −1 when all is used up. */
  private finishHeader(input: Uint8Array): number {
    const before = this.carryBytes;
    const taken = Math.min(maxHeaderBytes - before, input.length);
    this.carry.set(input.subarray(0, taken), before);
    this.carryBytes = 0;
    const sizeBytes = this.readHeader(this.carry, 0, before + taken);
    if (sizeBytes === 0) {
      this.carryBytes = before + taken;
      return -1;
    }
    if (sizeBytes >= before) return sizeBytes - before;
    // Four bytes were waited for as an extended timestamp and turned out to be payload.
    const rest = new Uint8Array(before - sizeBytes + input.length);
    rest.set(this.carry.subarray(sizeBytes, before));
    rest.set(input, before - sizeBytes);
    this.read(rest);
    return -1;
  }

  /** Reads one chunk header at `at`. Returns its size, or 0, having changed nothing, when it is not all there. */
  private readHeader(bytes: Uint8Array, at: number, end: number): number {
    const format = bytes[at]! >> 6;
    let id = bytes[at]! & 63;
    let pos = at + 1;
    if (id < 2) {
      const idBytes = id + 1;
      if (pos + idBytes > end) return 0;
      id = 64 + bytes[pos]! + (idBytes === 2 ? bytes[pos + 1]! << 8 : 0);
      pos += idBytes;
    }
    const fieldBytes = messageHeaderBytes[format]!;
    if (pos + fieldBytes > end) return 0;
    const known = this.streams.get(id);
    if (format === 3) return this.readContinuation(known, id, bytes, pos, end, at);

    let time = (bytes[pos]! << 16) | (bytes[pos + 1]! << 8) | bytes[pos + 2]!;
    const isExtended = time === extendedTimestamp;
    let next = pos + fieldBytes;
    if (isExtended) {
      if (next + 4 > end) return 0;
      time = u32(bytes, next);
      next += 4;
    }
    const stream = known ?? this.open(id, format);
    if (stream.filledBytes > 0) this.abandon(stream);
    if (format < 2) {
      stream.lengthBytes = (bytes[pos + 3]! << 16) | (bytes[pos + 4]! << 8) | bytes[pos + 5]!;
      stream.typeId = bytes[pos + 6]!;
      if (stream.lengthBytes > this.maxMessageBytes) {
        const { lengthBytes } = stream;
        throw new StreamctlError('RTMP_MESSAGE_TOO_LARGE', { lengthBytes, maxBytes: this.maxMessageBytes });
      }
    }
    if (format === 0) stream.streamId = u32le(bytes, pos + 7);
    stream.extendedValue = isExtended ? time : -1;
    stream.deltaMs = time;
    stream.timestampMs = format === 0 ? time : (stream.timestampMs + time) >>> 0;
    this.enter(stream);
    return next - at;
  }

  /**
   * A type 3 header: the next chunk of a message, or a new message like the one before (RTMP 1.0 §5.3.1.2.4).
   * The extended timestamp is repeated in it, but librtmp before 2024 leaves it out: four bytes that
   * do not repeat the value are payload.
   */
  private readContinuation(
    stream: ChunkStream | undefined,
    id: number,
    bytes: Uint8Array,
    pos: number,
    end: number,
    at: number,
  ): number {
    if (stream === undefined) {
      throw new StreamctlError('RTMP_CHUNK_INVALID', { reason: `chunk stream ${id} begins with a type 3 header` });
    }
    let next = pos;
    if (stream.extendedValue >= 0) {
      if (pos + 4 > end) return 0;
      const value = u32(bytes, pos);
      if (value === stream.extendedValue || (stream.filledBytes > 0 && value === stream.timestampMs)) next += 4;
    }
    if (stream.filledBytes === 0) stream.timestampMs = (stream.timestampMs + stream.deltaMs) >>> 0;
    this.enter(stream);
    return next - at;
  }

  private open(id: number, format: number): ChunkStream {
    if (format === 2) {
      throw new StreamctlError('RTMP_CHUNK_INVALID', { reason: `chunk stream ${id} begins with a type 2 header` });
    }
    if (this.streams.size >= this.maxChunkStreams) {
      throw new StreamctlError('RTMP_CHUNK_INVALID', { reason: `more than ${this.maxChunkStreams} chunk streams` });
    }
    const stream = new ChunkStream(id);
    this.streams.set(id, stream);
    return stream;
  }

  private enter(stream: ChunkStream): void {
    this.current = stream;
    if (stream.filledBytes === 0) stream.beganAtMs = this.readAtMs;
    this.chunkRemaining = Math.min(this.chunkSizeBytes, stream.lengthBytes - stream.filledBytes);
    if (stream.lengthBytes === 0) this.deliver(stream, noPayload);
  }

  /** Takes payload at `at`, together with the chunks of the same message that follow directly. Returns where it stopped. */
  private readPayload(input: Uint8Array, at: number, end: number): number {
    const stream = this.current!;
    const missing = stream.lengthBytes - stream.filledBytes;
    let taken = Math.min(this.chunkRemaining, end - at);
    let from = at + taken;
    this.chunkRemaining -= taken;
    if (this.chunkRemaining === 0 && stream.extendedValue < 0) {
      const marker = stream.continuationByte;
      while (taken < missing && from < end && input[from] === marker) {
        const chunkBytes = Math.min(this.chunkSizeBytes, missing - taken);
        const here = Math.min(chunkBytes, end - from - 1);
        input.copyWithin(at + taken, from + 1, from + 1 + here);
        taken += here;
        from += here + 1;
        this.chunkRemaining = chunkBytes - here;
      }
    }
    if (stream.filledBytes === 0 && taken === missing) {
      this.deliver(stream, input.subarray(at, at + taken));
    } else {
      this.append(stream, input.subarray(at, at + taken));
    }
    return from;
  }

  private append(stream: ChunkStream, bytes: Uint8Array): void {
    const filled = stream.filledBytes + bytes.length;
    if (stream.buffer.length < filled) this.grow(stream, filled);
    stream.buffer.set(bytes, stream.filledBytes);
    stream.filledBytes = filled;
    if (filled < stream.lengthBytes) return;
    try {
      this.deliver(stream, stream.buffer.subarray(0, filled));
    } finally {
      this.release(stream);
    }
  }

  private grow(stream: ChunkStream, neededBytes: number): void {
    const sizeBytes = Math.max(neededBytes, Math.min(stream.lengthBytes, stream.buffer.length * 2));
    if (this.heldBytes + sizeBytes > this.maxHeldBytes) {
      throw new StreamctlError('RTMP_MEMORY_BUDGET', { limitBytes: this.maxHeldBytes });
    }
    const larger = this.buffers.take(sizeBytes);
    this.heldBytes += larger.length;
    larger.set(stream.buffer.subarray(0, stream.filledBytes));
    this.giveBack(stream);
    stream.buffer = larger;
  }

  private release(stream: ChunkStream): void {
    stream.filledBytes = 0;
    this.giveBack(stream);
  }

  private giveBack(stream: ChunkStream): void {
    if (stream.buffer.length === 0) return;
    this.heldBytes -= stream.buffer.length;
    this.buffers.give(stream.buffer);
    stream.buffer = noPayload;
  }

  private abandon(stream: ChunkStream): void {
    this.abandonedMessages++;
    this.release(stream);
  }

  private deliver(stream: ChunkStream, payload: Uint8Array): void {
    if (stream.typeId === messageType.setChunkSize) this.setChunkSize(payload);
    else if (stream.typeId === messageType.abort) this.abort(payload);
    else this.report(stream, payload);
  }

  private report(stream: ChunkStream, payload: Uint8Array): void {
    const { message } = this;
    message.typeId = stream.typeId;
    message.streamId = stream.streamId;
    message.timestampMs = stream.timestampMs;
    message.payload = payload;
    message.arrivedAtMs = stream.beganAtMs;
    this.onMessage(message);
  }

  private setChunkSize(payload: Uint8Array): void {
    const sizeBytes = payload.length < 4 ? 0 : u32(payload, 0) & 0x7fffffff;
    if (sizeBytes === 0) throw new StreamctlError('RTMP_CHUNK_INVALID', { reason: 'the chunk size is set to nothing' });
    this.chunkSizeBytes = Math.min(sizeBytes, maxChunkSizeBytes);
  }

  private abort(payload: Uint8Array): void {
    const stream = payload.length < 4 ? undefined : this.streams.get(u32(payload, 0));
    if (stream !== undefined && stream.filledBytes > 0 && stream !== this.current) this.abandon(stream);
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function u32le(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 3]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0;
}
