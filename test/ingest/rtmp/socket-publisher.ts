import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AmfValue } from '../../../src/rtmp/amf0.ts';
import { ChunkReader } from '../../../src/rtmp/chunk-reader.ts';
import { ChunkWriter } from '../../../src/rtmp/chunk-writer.ts';
import { readCommand } from '../../../src/rtmp/command.ts';
import { ClientHandshake } from '../../../src/rtmp/handshake.ts';
import { messageType, type OutgoingMessage } from '../../../src/rtmp/message.ts';
import { MessageBuffers } from '../../../src/rtmp/message-buffers.ts';
import { until } from '../../support/until.ts';
import { commandMessage } from './session-rig.ts';

/** A publisher on a real socket that says what a test wants. */
export class SocketPublisher {
  readonly socket: Socket;
  /** Codes of the status objects heard. */
  readonly codes: string[] = [];
  isClosed = false;
  private isReady = false;
  private readonly early: Buffer[] = [];
  private readonly writer = new ChunkWriter();

  constructor(port: number, options: { isTls?: boolean } = {}) {
    const at = { port, host: '127.0.0.1' };
    this.socket = options.isTls ? connectTls({ ...at, rejectUnauthorized: false }) : connect(at);
    const handshake = new ClientHandshake(randomBytes);
    const buffers = new MessageBuffers({ limitBytes: 1 << 20, keepBytes: 0 });
    const reader = new ChunkReader({ buffers }, ({ typeId, payload, ...rest }) => {
      if (typeId !== messageType.amf0Command) return;
      const { values } = readCommand({ typeId, payload, ...rest });
      const { code } = (values[1] ?? {}) as { code?: string };
      if (typeof code === 'string') this.codes.push(code);
    });
    this.socket.on('data', (bytes: Buffer) => {
      const { usedBytes, reply } = handshake.push(bytes);
      if (reply !== undefined) {
        this.socket.write(reply);
        for (const waiting of this.early.splice(0)) this.socket.write(waiting);
        this.isReady = true;
      }
      if (usedBytes < bytes.length) reader.push(bytes.subarray(usedBytes));
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.write(handshake.hello);
  }

  say(message: Partial<OutgoingMessage>): void {
    const full = { chunkStreamId: 3, typeId: 0, streamId: 0, timestampMs: 0, payload: new Uint8Array(0), ...message };
    const bytes = this.writer.write(full);
    if (this.isReady) this.socket.write(bytes);
    else this.early.push(bytes);
  }

  command(name: string, transactionId: number, values: AmfValue[], streamId = 0): void {
    this.say(commandMessage(name, transactionId, values, streamId));
  }

  /** Handshake, connect and publish; resolves with the code of the answer. */
  async publish(streamName: string): Promise<string> {
    this.command('connect', 1, [{ app: 'live' }]);
    this.command('publish', 0, [null, streamName, 'live'], 1);
    return until('the publisher has its answer', () => this.codes[1] ?? (this.isClosed && 'closed'));
  }
}
