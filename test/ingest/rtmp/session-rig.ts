import { randomBytes } from 'node:crypto';
import { StreamctlError } from '../../../src/base/errors.ts';
import type { AuthorizePublish } from '../../../src/ingest/publish-gate.ts';
import { defaultRtmpLimits, type RtmpLimits } from '../../../src/ingest/rtmp/limits.ts';
import { RtmpSession } from '../../../src/ingest/rtmp/session.ts';
import type { SessionDeps, SessionObserver, SessionWire } from '../../../src/ingest/rtmp/session-deps.ts';
import type { AmfValue } from '../../../src/rtmp/amf0.ts';
import { ChunkReader } from '../../../src/rtmp/chunk-reader.ts';
import { ChunkWriter } from '../../../src/rtmp/chunk-writer.ts';
import { type RtmpCommand, readCommand, writeCommand } from '../../../src/rtmp/command.ts';
import { ClientHandshake } from '../../../src/rtmp/handshake.ts';
import { messageType, type OutgoingMessage, type RtmpMessage } from '../../../src/rtmp/message.ts';
import { MessageBuffers } from '../../../src/rtmp/message-buffers.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RecordedPublications } from './recorded-publication.ts';

export const goodKey = 'good-key';

export const allowGoodKey: AuthorizePublish = async ({ streamName }) =>
  streamName === goodKey
    ? { allowed: true, grant: { channel: 'morning-show', keyId: 'k1' } }
    : { allowed: false, error: new StreamctlError('ACCESS_KEY_UNKNOWN', {}) };

export interface RigOptions {
  readonly authorizePublish?: AuthorizePublish;
  readonly limits?: Partial<RtmpLimits>;
  readonly admit?: SessionDeps['admit'];
  readonly rejectionDelayMs?: number;
  readonly openPublication?: SessionDeps['openPublication'];
}

type Heard = Omit<RtmpMessage, 'payload'> & { readonly payload: Buffer };

/** A session without a socket, and a peer that says what a test wants. */
export class SessionRig implements SessionWire, SessionObserver {
  readonly clock = new ManualClock();
  readonly publications = new RecordedPublications();
  readonly buffers = new MessageBuffers({ limitBytes: 64 << 20, keepBytes: 1 << 20 });
  readonly session: RtmpSession;
  readonly heard: Heard[] = [];
  readonly events: string[] = [];
  isPaused = false;
  isClosed = false;
  isDestroyed = false;
  private readonly writer = new ChunkWriter();
  private readonly handshake = new ClientHandshake(randomBytes);
  private readonly reader: ChunkReader;

  constructor(options: RigOptions = {}) {
    this.reader = new ChunkReader({ buffers: this.buffers }, (message) => {
      this.heard.push({ ...message, payload: Buffer.from(message.payload) });
    });
    const deps: SessionDeps = {
      clock: this.clock,
      random: randomBytes,
      buffers: this.buffers,
      limits: { ...defaultRtmpLimits, ...options.limits },
      authorizePublish: options.authorizePublish ?? allowGoodKey,
      openPublication: options.openPublication ?? this.publications.open,
      admit: options.admit ?? (() => undefined),
      rejectionDelayMs: () => options.rejectionDelayMs ?? 0,
      observer: this,
    };
    this.session = new RtmpSession(deps, { id: 'rtmp-1', remoteAddress: '192.0.2.7', isTls: false }, this);
  }

  // The wire, as the session sees it.

  send(bytes: Uint8Array): void {
    const input = Uint8Array.from(bytes);
    if (this.handshake.isComplete) {
      this.reader.push(input);
      return;
    }
    const { reply, usedBytes } = this.handshake.push(input);
    if (reply !== undefined) queueMicrotask(() => this.session.receive(reply));
    if (usedBytes < input.length) this.reader.push(input.subarray(usedBytes));
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(): void {
    this.isClosed = true;
  }

  destroy(): void {
    this.isDestroyed = true;
    this.session.closed();
  }

  // The observer.

  published(): void {
    this.events.push('published');
  }

  unpublished(_session: RtmpSession, how: string): void {
    this.events.push(`unpublished: ${how}`);
  }

  refused(_session: RtmpSession, error: StreamctlError): void {
    this.events.push(`refused: ${error.code}`);
  }

  broke(_session: RtmpSession, error: unknown): void {
    this.events.push(`broke: ${error}`);
  }

  // The peer.

  /** All that the session has answered by command, oldest first. */
  get commands(): RtmpCommand[] {
    return this.heard.filter(({ typeId }) => typeId === messageType.amf0Command).map(readCommand);
  }

  /** Codes of the status objects heard. */
  get statusCodes(): unknown[] {
    return this.commands.map(({ values }) => (values[1] as { code?: string } | undefined)?.code).filter(Boolean);
  }

  get lastCommand(): RtmpCommand {
    const last = this.commands.at(-1);
    if (last === undefined) throw new Error('no command was heard');
    return last;
  }

  async shakeHands(): Promise<void> {
    this.session.receive(this.handshake.hello.slice());
    await settled();
  }

  say(message: Partial<OutgoingMessage>): void {
    this.session.receive(this.bytesOf(message));
  }

  bytesOf(message: Partial<OutgoingMessage>): Uint8Array {
    const full = { chunkStreamId: 3, typeId: 0, streamId: 0, timestampMs: 0, payload: new Uint8Array(0), ...message };
    return Uint8Array.from(this.writer.write(full));
  }

  command(name: string, transactionId: number, values: AmfValue[], streamId = 0): void {
    this.say(commandMessage(name, transactionId, values, streamId));
  }

  async connect(properties: Record<string, AmfValue> = { app: 'live' }): Promise<void> {
    await this.shakeHands();
    this.command('connect', 1, [properties]);
  }

  /** Handshake, connect, createStream, publish; then the decision. */
  async publish(streamName = goodKey): Promise<void> {
    await this.connect();
    this.command('createStream', 2, [null]);
    this.command('publish', 3, [null, streamName, 'live'], 1);
    await settled();
  }
}

export function commandMessage(name: string, transactionId: number, values: AmfValue[], streamId = 0) {
  return { typeId: messageType.amf0Command, streamId, payload: writeCommand({ name, transactionId, values }) };
}

/** Lets promises that can resolve do so. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** Plays a recorded publisher to a session, in pieces; like a socket, it waits while the session does not read. */
export async function replay(session: RtmpSession, wire: { isPaused: boolean }, bytes: Uint8Array, pieceBytes: number) {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    while (wire.isPaused) await settled();
    session.receive(bytes.slice(at, at + pieceBytes));
  }
  while (wire.isPaused) await settled();
}
