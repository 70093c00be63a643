import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { ChunkReader } from '../rtmp/chunk-reader.ts';
import { ChunkWriter } from '../rtmp/chunk-writer.ts';
import { type RtmpCommand, readCommand } from '../rtmp/command.ts';
import {
  readControlValue,
  readUserControl,
  userControlEvent,
  writeControlValue,
  writeUserControl,
} from '../rtmp/control.ts';
import { ClientHandshake } from '../rtmp/handshake.ts';
import { messageType, type OutgoingMessage, type RtmpMessage } from '../rtmp/message.ts';
import { MessageBuffers } from '../rtmp/message-buffers.ts';

export interface LinkListener {
  /** The handshake is done: messages may be sent. */
  ready(): void;
  command(command: RtmpCommand): void;
  /** Once, whoever ended it. */
  closed(cause: Error | undefined): void;
}

/** What a server sends to a publisher is short; more is a mistake or an attack. */
const maxServerMessageBytes = 65_536;

/** The client's end of an RTMP connection on a connected socket: handshake, chunks, acknowledgements, answers to pings. */
export class RtmpLink {
  private readonly socket: Socket;
  private readonly listener: LinkListener;
  private readonly handshake: ClientHandshake;
  private readonly reader: ChunkReader;
  private readonly writer = new ChunkWriter();
  private ackWindowBytes = Number.POSITIVE_INFINITY;
  private ackedBytes = 0;
  private cause: Error | undefined;

  constructor(socket: Socket, listener: LinkListener) {
    this.socket = socket;
    this.listener = listener;
    this.handshake = new ClientHandshake(randomBytes);
    const buffers = new MessageBuffers({ limitBytes: 4 * maxServerMessageBytes, keepBytes: 0 });
    this.reader = new ChunkReader({ buffers, maxMessageBytes: maxServerMessageBytes }, (message) =>
      this.receive(message),
    );
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.read(bytes));
    socket.on('error', (error) => {
      this.cause ??= error;
    });
    socket.once('close', () => listener.closed(this.cause));
    socket.write(this.handshake.hello);
  }

  /** False when the socket's buffer is full: wait for `drain` before sending more. */
  send(message: OutgoingMessage): boolean {
    return this.socket.write(this.writer.write(message));
  }

  /** Tells the server, then uses, another size of our chunks. */
  setChunkSize(sizeBytes: number): void {
    this.send(writeControlValue(messageType.setChunkSize, sizeBytes));
    this.writer.chunkSizeBytes = sizeBytes;
  }

  private read(bytes: Buffer): void {
    try {
      const rest = this.handshake.isComplete ? bytes : this.shakeHands(bytes);
      if (rest.length === 0) return;
      this.reader.push(rest);
      this.acknowledge();
    } catch (error) {
      this.cause ??= error as Error;
      this.socket.destroy();
    }
  }

  private shakeHands(bytes: Buffer): Buffer {
    const { usedBytes, reply } = this.handshake.push(bytes);
    if (reply !== undefined) this.socket.write(reply);
    if (this.handshake.isComplete) this.listener.ready();
    return bytes.subarray(usedBytes);
  }

  private receive(message: RtmpMessage): void {
    switch (message.typeId) {
      case messageType.windowAckSize:
        this.ackWindowBytes = readControlValue(message);
        return;
      case messageType.setPeerBandwidth:
        this.send(writeControlValue(messageType.windowAckSize, readControlValue(message)));
        return;
      case messageType.userControl: {
        const { event, value } = readUserControl(message);
        if (event === userControlEvent.pingRequest) {
          this.send(writeUserControl({ event: userControlEvent.pingResponse, value }));
        }
        return;
      }
      case messageType.amf0Command:
      case messageType.amf3Command:
        this.listener.command(readCommand(message));
        return;
      default: // media and data are not for a publisher
    }
  }

  private acknowledge(): void {
    const { bytesRead } = this.reader;
    if (bytesRead - this.ackedBytes < this.ackWindowBytes) return;
    this.ackedBytes = bytesRead;
    this.send(writeControlValue(messageType.acknowledgement, bytesRead >>> 0));
  }
}
