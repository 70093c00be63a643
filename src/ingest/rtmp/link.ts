import { ChunkReader } from '../../rtmp/chunk-reader.ts';
import { ChunkWriter } from '../../rtmp/chunk-writer.ts';
import {
  readControlValue,
  readUserControl,
  userControlEvent,
  writeControlValue,
  writeUserControl,
} from '../../rtmp/control.ts';
import { type RandomBytes, ServerHandshake } from '../../rtmp/handshake.ts';
import { messageType, type OutgoingMessage, type RtmpMessage } from '../../rtmp/message.ts';
import type { MessageBuffers } from '../../rtmp/message-buffers.ts';
import type { RtmpLimits } from './limits.ts';
import { acknowledgementWindowBytes, replyChunkSizeBytes } from './replies.ts';

export interface LinkOptions {
  readonly random: RandomBytes;
  readonly buffers: MessageBuffers;
  readonly limits: RtmpLimits;
  readonly send: (bytes: Uint8Array) => void;
  readonly onHandshake: () => void;
  /** Commands, data and media; the message is valid only during the call. */
  readonly onMessage: (message: RtmpMessage) => void;
}

/** A peer that wants to hear after every few bytes is told less often. */
const smallestWindowBytes = 16_384;

/** Bytes to messages and back: handshake, chunks, and the control messages that need no decision. */
export class RtmpLink {
  private readonly options: LinkOptions;
  private readonly writer = new ChunkWriter();
  private handshake: ServerHandshake | undefined;
  private reader: ChunkReader | undefined;
  private handshakeBytes = 0;
  private windowBytes = acknowledgementWindowBytes;
  private acknowledgedBytes = 0;

  constructor(options: LinkOptions) {
    this.options = options;
    this.handshake = new ServerHandshake(options.random);
  }

  get bytesRead(): number {
    return this.handshakeBytes + (this.reader?.bytesRead ?? 0);
  }

  /** Takes over the bytes, which were read at `readAtMs`. Throws what reader and `onMessage` throw; then nothing more may be received. */
  receive(bytes: Uint8Array, readAtMs: number): void {
    const rest = this.handshake === undefined ? bytes : this.shakeHands(this.handshake, bytes);
    if (this.reader === undefined || rest.length === 0) return;
    this.reader.push(rest, readAtMs);
    const { bytesRead } = this;
    if (bytesRead - this.acknowledgedBytes < this.windowBytes) return;
    this.acknowledgedBytes = bytesRead;
    this.send([writeControlValue(messageType.acknowledgement, bytesRead % 2 ** 32)]);
  }

  /** Sends messages as one write. */
  send(messages: readonly OutgoingMessage[]): void {
    const pieces = messages.map((message) => {
      const bytes = this.writer.write(message);
      if (message.typeId === messageType.setChunkSize) this.writer.chunkSizeBytes = replyChunkSizeBytes;
      return bytes;
    });
    this.options.send(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
  }

  ping(nowMs: number): void {
    this.send([writeUserControl({ event: userControlEvent.pingRequest, value: Math.floor(nowMs) % 2 ** 32 })]);
  }

  dispose(): void {
    this.reader?.dispose();
  }

  private shakeHands(handshake: ServerHandshake, bytes: Uint8Array): Uint8Array {
    const { usedBytes, reply } = handshake.push(bytes);
    this.handshakeBytes += usedBytes;
    if (reply !== undefined) this.options.send(reply);
    if (handshake.isComplete) {
      const { buffers, limits } = this.options;
      this.handshake = undefined;
      this.reader = new ChunkReader(
        { buffers, maxMessageBytes: limits.maxMessageBytes, maxHeldBytes: limits.connectionMemoryBytes },
        (message) => this.take(message),
      );
      this.options.onHandshake();
    }
    return bytes.subarray(usedBytes);
  }

  private take(message: RtmpMessage): void {
    switch (message.typeId) {
      case messageType.windowAckSize:
        this.windowBytes = Math.max(smallestWindowBytes, readControlValue(message));
        return;
      case messageType.userControl:
        this.takeUserControl(message);
        return;
      case messageType.acknowledgement: // encoders send none; those that do tell us nothing we act on
      case messageType.setPeerBandwidth:
        return;
      default:
        this.options.onMessage(message);
    }
  }

  private takeUserControl(message: RtmpMessage): void {
    const { event, value } = readUserControl(message);
    if (event === userControlEvent.pingRequest) {
      this.send([writeUserControl({ event: userControlEvent.pingResponse, value })]);
    }
  }
}
