import { defaultChunkSizeBytes, type OutgoingMessage } from './message.ts';

interface SentHeader {
  timestampMs: number;
  /** −1 after a type 0 header: what a type 3 header means then is read in different ways. */
  deltaMs: number;
  lengthBytes: number;
  typeId: number;
  streamId: number;
}

/** Turns messages into chunks with the shortest header that says what changed (RTMP 1.0 §5.3.1.2). The mirror of ChunkReader. */
export class ChunkWriter {
  private chunkSize = defaultChunkSizeBytes;
  private readonly sent = new Map<number, SentHeader>();

  /** Bytes of our chunks. Set it after the Set Chunk Size message was written: that one still has the old size. */
  get chunkSizeBytes(): number {
    return this.chunkSize;
  }

  set chunkSizeBytes(sizeBytes: number) {
    this.chunkSize = sizeBytes;
  }

  /** The message as bytes to send, of a buffer of their own. */
  write(message: OutgoingMessage): Buffer {
    const { chunkStreamId, payload } = message;
    const timestampMs = message.timestampMs >>> 0;
    const before = this.sent.get(chunkStreamId);
    const deltaMs = before === undefined ? timestampMs : timestampMs - before.timestampMs;
    const format = headerFormat(before, message, deltaMs);
    const time = format === 0 ? timestampMs : deltaMs;
    const extendedBytes = time >= 0xffffff ? 4 : 0;
    const idBytes = chunkStreamId < 64 ? 1 : chunkStreamId < 320 ? 2 : 3;
    const chunkCount = Math.max(1, Math.ceil(payload.length / this.chunkSize));
    const fieldBytes = format === 0 ? 11 : format === 1 ? 7 : format === 2 ? 3 : 0;
    const bytes = Buffer.allocUnsafe(fieldBytes + (idBytes + extendedBytes) * chunkCount + payload.length);

    let at = writeBasicHeader(bytes, 0, format, chunkStreamId);
    if (format < 3) at = bytes.writeUIntBE(extendedBytes > 0 ? 0xffffff : time, at, 3);
    if (format < 2) {
      at = bytes.writeUIntBE(payload.length, at, 3);
      at = bytes.writeUInt8(message.typeId, at);
    }
    if (format === 0) at = bytes.writeUInt32LE(message.streamId, at);
    if (extendedBytes > 0) at = bytes.writeUInt32BE(time, at);
    for (let taken = 0; taken < payload.length; taken += this.chunkSize) {
      if (taken > 0) {
        at = writeBasicHeader(bytes, at, 3, chunkStreamId);
        if (extendedBytes > 0) at = bytes.writeUInt32BE(time, at);
      }
      const part = payload.subarray(taken, taken + this.chunkSize);
      bytes.set(part, at);
      at += part.length;
    }
    this.sent.set(chunkStreamId, {
      timestampMs,
      deltaMs: format === 0 ? -1 : deltaMs,
      lengthBytes: payload.length,
      typeId: message.typeId,
      streamId: message.streamId,
    });
    return bytes;
  }
}

function headerFormat(before: SentHeader | undefined, message: OutgoingMessage, deltaMs: number): 0 | 1 | 2 | 3 {
  if (before === undefined || before.streamId !== message.streamId || deltaMs < 0) return 0;
  if (before.lengthBytes !== message.payload.length || before.typeId !== message.typeId) return 1;
  return before.deltaMs === deltaMs ? 3 : 2;
}

function writeBasicHeader(bytes: Buffer, at: number, format: number, id: number): number {
  if (id < 64) return bytes.writeUInt8((format << 6) | id, at);
  if (id < 320) return bytes.writeUInt8(id - 64, bytes.writeUInt8(format << 6, at));
  return bytes.writeUInt16LE(id - 64, bytes.writeUInt8((format << 6) | 1, at));
}
