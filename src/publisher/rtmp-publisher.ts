import type { Socket } from 'node:net';
import { StreamctlError } from '../base/errors.ts';
import type { FlvTagType } from '../media/flv/file.ts';
import type { AmfValue } from '../rtmp/amf0.ts';
import { type RtmpCommand, writeCommand } from '../rtmp/command.ts';
import { chunkStream, messageType } from '../rtmp/message.ts';
import { dial } from './dial.ts';
import { type PublishUrl, tcUrlOf } from './publish-url.ts';
import { RtmpLink } from './rtmp-link.ts';

export interface RtmpPublisherOptions {
  readonly url: PublishUrl;
  /** Bytes of our chunks. The default is what OBS uses; ffmpeg stays at 128. */
  readonly chunkSizeBytes?: number;
  /** For the whole way from the first packet to the server's permission. */
  readonly connectTimeoutMs?: number;
  /** rtmps:// only: accept a certificate nobody vouches for. */
  readonly allowAnyCertificate?: boolean;
}

const typeIds = { audio: messageType.audio, video: messageType.video, script: messageType.amf0Data } as const;
const chunkStreams = { audio: chunkStream.audio, video: chunkStream.video, script: chunkStream.data } as const;
/** Each id is used once in a connection. */
const transaction = {
  connect: 1,
  releaseStream: 2,
  fcPublish: 3,
  createStream: 4,
  publish: 5,
  fcUnpublish: 6,
} as const;
const goodbyeTimeoutMs = 2000;
const stallTimeoutMs = 10_000;

/** Publishes one stream over one RTMP connection, with the dialogue encoders use (RTMP 1.0 §7.2, and FMLE's FCPublish). */
export class RtmpPublisher {
  private readonly options: RtmpPublisherOptions;
  private readonly started = Promise.withResolvers<void>();
  private readonly ended = Promise.withResolvers<void>();
  private state: 'new' | 'connecting' | 'live' | 'leaving' | 'closed' = 'new';
  private step = 'the connection';
  private socket: Socket | undefined;
  private link: RtmpLink | undefined;
  private streamId = 0;
  private error: Error | undefined;

  constructor(options: RtmpPublisherOptions) {
    this.options = options;
    this.started.promise.catch(() => undefined); // it may fail before connect() has come to await it
  }

  /** Why the connection ended; undefined while it lives and after our own goodbye. */
  get failure(): Error | undefined {
    return this.error;
  }

  /**
   * Resolves when the server has said NetStream.Publish.Start. Throws PUBLISH_UNREACHABLE, PUBLISH_TIMEOUT, PUBLISH_LOST,
   * or PUBLISH_REFUSED with the server's words; rejects with `signal.reason`.
   */
  async connect(signal: AbortSignal): Promise<void> {
    const { url, connectTimeoutMs = 10_000, allowAnyCertificate = false } = this.options;
    const timeout = AbortSignal.timeout(connectTimeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    const abort = () => this.fail(signal.aborted ? signal.reason : this.timeoutError(connectTimeoutMs));
    either.addEventListener('abort', abort);
    this.state = 'connecting';
    try {
      this.shake(await dial(url, either, allowAnyCertificate));
      await this.started.promise;
    } catch (error) {
      this.fail(error as Error);
      throw this.error;
    } finally {
      either.removeEventListener('abort', abort);
    }
  }

  /**
   * Sends the body of an FLV tag; its bytes must not change afterwards. RTMP carries the lower 32 bits of `timestampMs`.
   * False when the socket's buffer is full: `await drained()`. What is sent after the connection ended is dropped.
   */
  sendTag(type: FlvTagType, timestampMs: number, body: Uint8Array): boolean {
    if (this.state !== 'live' || this.link === undefined) return true;
    return this.link.send({
      chunkStreamId: chunkStreams[type],
      typeId: typeIds[type],
      streamId: this.streamId,
      timestampMs: timestampMs % 2 ** 32,
      payload: body,
    });
  }

  /**
   * Resolves when the socket takes more, or when the connection ended: a server that stops reading for `stallTimeoutMs`
   * has ended it. Rejects with `signal.reason`.
   */
  async drained(signal: AbortSignal): Promise<void> {
    const { socket } = this;
    if (socket === undefined || this.state === 'closed' || !socket.writableNeedDrain) return;
    const drain = Promise.withResolvers<void>();
    const abort = () => drain.reject(signal.reason);
    const timer = setTimeout(() => {
      this.fail(
        new StreamctlError('PUBLISH_LOST', { reason: `the server took nothing for ${stallTimeoutMs / 1000} s` }),
      );
    }, stallTimeoutMs);
    socket.once('drain', drain.resolve).once('close', drain.resolve);
    signal.addEventListener('abort', abort);
    try {
      await drain.promise;
    } finally {
      clearTimeout(timer);
      socket.off('drain', drain.resolve).off('close', drain.resolve);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Ends the broadcast with FCUnpublish and deleteStream. Resolves when the connection is closed. */
  async goodbye(): Promise<void> {
    const { socket } = this;
    if (socket === undefined || this.state === 'closed') return;
    if (this.state === 'live') {
      this.command('FCUnpublish', transaction.fcUnpublish, [null, this.options.url.streamName]);
      this.command('deleteStream', 0, [null, this.streamId]);
    }
    this.state = 'leaving';
    const timer = setTimeout(() => socket.destroy(), goodbyeTimeoutMs);
    socket.end();
    await this.ended.promise;
    clearTimeout(timer);
  }

  /** Ends the connection without a word, as a cut cable does. */
  destroy(): void {
    if (this.state !== 'closed') this.state = 'leaving';
    this.socket?.destroy();
  }

  private shake(socket: Socket): void {
    this.socket = socket;
    this.step = 'the handshake';
    this.link = new RtmpLink(socket, {
      ready: () => this.introduce(),
      command: (command) => this.receive(command),
      closed: (cause) => this.close(cause),
    });
  }

  private introduce(): void {
    const { url, chunkSizeBytes = 4096 } = this.options;
    this.link?.setChunkSize(chunkSizeBytes);
    const flashVer = 'FMLE/3.0 (compatible; streamctl)';
    this.step = 'the answer to connect';
    this.command('connect', transaction.connect, [{ app: url.app, type: 'nonprivate', flashVer, tcUrl: tcUrlOf(url) }]);
  }

  private receive({ name, transactionId, values }: RtmpCommand): void {
    const info = values[1];
    switch (name) {
      case '_result':
        if (transactionId === transaction.connect) this.createStream();
        if (transactionId === transaction.createStream && typeof info === 'number') this.publish(info);
        return;
      case '_error':
      case 'close':
        this.refuse(info);
        return;
      case 'onStatus':
        this.receiveStatus(info);
        return;
      default: // onFCPublish, onBWDone and others ask nothing of us
    }
  }

  private createStream(): void {
    const { streamName } = this.options.url;
    this.step = 'the answer to createStream';
    this.command('releaseStream', transaction.releaseStream, [null, streamName]);
    this.command('FCPublish', transaction.fcPublish, [null, streamName]);
    this.command('createStream', transaction.createStream, [null]);
  }

  private publish(streamId: number): void {
    this.streamId = streamId;
    this.step = 'the permission to publish';
    this.command('publish', transaction.publish, [null, this.options.url.streamName, 'live']);
  }

  private receiveStatus(info: AmfValue): void {
    const { level, code } = statusOf(info);
    if (code === 'NetStream.Publish.Start' && this.state === 'connecting') {
      this.state = 'live';
      this.started.resolve();
    } else if (level === 'error') {
      this.refuse(info);
    }
  }

  private refuse(info: AmfValue): void {
    const { code, description } = statusOf(info);
    const error = this.state === 'live' ? 'PUBLISH_DISMISSED' : 'PUBLISH_REFUSED';
    this.fail(new StreamctlError(error, { code, description }));
  }

  private close(cause: Error | undefined): void {
    if (this.state === 'connecting' || this.state === 'live') {
      const until = this.state === 'live' ? '' : ` while we waited for ${this.step}`;
      const reason = `${cause === undefined ? 'the server closed it' : cause.message}${until}`;
      this.fail(new StreamctlError('PUBLISH_LOST', { reason }, { cause }));
    }
    this.state = 'closed';
    this.ended.resolve();
  }

  private fail(error: Error): void {
    this.error ??= error;
    if (this.state !== 'closed') this.state = 'leaving';
    this.started.reject(this.error);
    this.socket?.destroy();
  }

  private timeoutError(timeoutMs: number): StreamctlError {
    return new StreamctlError('PUBLISH_TIMEOUT', { step: this.step, seconds: timeoutMs / 1000 });
  }

  private command(name: string, transactionId: number, values: readonly AmfValue[]): void {
    const isOnStream = name === 'publish';
    this.link?.send({
      chunkStreamId: isOnStream ? chunkStream.publish : chunkStream.command,
      typeId: messageType.amf0Command,
      streamId: isOnStream ? this.streamId : 0,
      timestampMs: 0,
      payload: writeCommand({ name, transactionId, values }),
    });
  }
}

/** The words of an onStatus or _error information object, as far as the server has any. */
function statusOf(info: AmfValue): { level: string; code: string; description: string } {
  const object =
    typeof info === 'object' && info !== null && !Array.isArray(info) && !(info instanceof Date) ? info : {};
  const word = (value: AmfValue) => (typeof value === 'string' ? value : '');
  return { level: word(object.level), code: word(object.code), description: word(object.description) };
}
