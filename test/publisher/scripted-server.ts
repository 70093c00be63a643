import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { PublishUrl } from '../../src/publisher/publish-url.ts';
import type { AmfValue } from '../../src/rtmp/amf0.ts';
import { ChunkReader } from '../../src/rtmp/chunk-reader.ts';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.ts';
import { type RtmpCommand, readCommand, writeCommand } from '../../src/rtmp/command.ts';
import { ServerHandshake } from '../../src/rtmp/handshake.ts';
import { chunkStream, messageType, type OutgoingMessage, type RtmpMessage } from '../../src/rtmp/message.ts';
import { MessageBuffers } from '../../src/rtmp/message-buffers.ts';

export interface ReceivedMessage extends RtmpMessage {
  readonly atMs: number;
}

/** A server's end of one connection, which does what the script of its test says. */
export class ScriptedConnection {
  readonly socket: Socket;
  readonly received: ReceivedMessage[] = [];
  readonly commands: RtmpCommand[] = [];
  isEnded = false;
  readonly reader: ChunkReader;
  private readonly writer = new ChunkWriter();

  constructor(socket: Socket, onCommand: (command: RtmpCommand, connection: ScriptedConnection) => void) {
    this.socket = socket;
    const handshake = new ServerHandshake(randomBytes);
    this.reader = new ChunkReader({ buffers: new MessageBuffers({ limitBytes: 1 << 24, keepBytes: 0 }) }, (message) => {
      this.received.push({ ...message, payload: new Uint8Array(message.payload), atMs: performance.now() });
      if (message.typeId !== messageType.amf0Command) return;
      const command = readCommand(message);
      this.commands.push(command);
      onCommand(command, this);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isEnded = true;
    });
    socket.on('data', (bytes) => {
      const { usedBytes, reply } = handshake.isComplete ? { usedBytes: 0 } : handshake.push(bytes);
      if (reply !== undefined) socket.write(reply);
      if (handshake.isComplete) this.reader.push(bytes.subarray(usedBytes));
    });
  }

  send(message: OutgoingMessage): void {
    this.socket.write(this.writer.write(message));
  }

  answer(name: string, transactionId: number, values: readonly AmfValue[]): void {
    const payload = writeCommand({ name, transactionId, values });
    this.send({
      chunkStreamId: chunkStream.command,
      typeId: messageType.amf0Command,
      streamId: 0,
      timestampMs: 0,
      payload,
    });
  }

  status(level: 'status' | 'error', code: string, description = ''): void {
    this.answer('onStatus', 0, [null, { level, code, description }]);
  }

  media(): ReceivedMessage[] {
    return this.received.filter(({ typeId }) => typeId === messageType.audio || typeId === messageType.video);
  }
}

/** Grants everything, as most servers do. */
export function welcoming(command: RtmpCommand, connection: ScriptedConnection): void {
  if (command.name === 'connect')
    connection.answer('_result', command.transactionId, [{}, { code: 'NetConnection.Connect.Success' }]);
  if (command.name === 'createStream') connection.answer('_result', command.transactionId, [null, 1]);
  if (command.name === 'publish') connection.status('status', 'NetStream.Publish.Start');
  if (command.name === 'deleteStream') connection.socket.end();
}

/** Listens until the test is over. */
export async function scriptedServer(
  onCommand: (command: RtmpCommand, connection: ScriptedConnection) => void,
  tls?: { readonly key: string; readonly cert: string },
): Promise<{ readonly url: PublishUrl; readonly connections: ScriptedConnection[] }> {
  const connections: ScriptedConnection[] = [];
  const accept = (socket: Socket) => connections.push(new ScriptedConnection(socket, onCommand));
  const server: Server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const { socket } of connections) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const url = { isTls: tls !== undefined, host: '127.0.0.1', port, app: 'live', streamName: 'sk_test_secret' };
  return { url, connections };
}
