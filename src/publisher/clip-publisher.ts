import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import type { ErrorCode } from '../base/error-catalog.ts';
import { isStreamctlError } from '../base/errors.ts';
import type { ClipTag, FlvClip } from './flv-clip.ts';
import { paceClip } from './pace-clip.ts';
import type { PublishUrl } from './publish-url.ts';
import { RtmpPublisher } from './rtmp-publisher.ts';

export interface ClipPublisherOptions {
  readonly clip: FlvClip;
  readonly url: PublishUrl;
  readonly clock: Clock;
  readonly loop?: boolean;
  /** Stop after this much media. */
  readonly maxMediaMs?: number;
  /** 1, the default, is real time. */
  readonly speed?: number;
  /** Of the first frame, also after a reconnection, as encoders do. */
  readonly startTimestampMs?: number;
  readonly chunkSizeBytes?: number;
  /** Come back when a broadcast that was live breaks off; a refusal is final. */
  readonly reconnect?: boolean;
  readonly allowAnyCertificate?: boolean;
  /** The server has given permission; again after each reconnection. */
  readonly onLive?: () => void;
  readonly onLost?: (error: Error, retryInMs: number) => void;
  /** Gives the bytes to send in place of the tag's own. */
  readonly rewrite?: (tag: ClipTag) => Uint8Array;
}

export interface PublishStats {
  readonly isLive: boolean;
  readonly videoFrames: number;
  readonly bytes: number;
  readonly mediaMs: number;
  readonly reconnects: number;
  /** How overdue the latest tag was. Beyond some ten milliseconds this machine or the network did not keep up. */
  readonly maxLateMs: number;
}

const transient: readonly ErrorCode[] = ['PUBLISH_LOST', 'PUBLISH_UNREACHABLE', 'PUBLISH_TIMEOUT'];
const firstRetryMs = 500;
const longestRetryMs = 8000;

/** Publishes a clip in real time, as an encoder would. */
export class ClipPublisher {
  private readonly options: ClipPublisherOptions;
  private isLive = false;
  private videoFrames = 0;
  private bytes = 0;
  private mediaMs = 0;
  private reconnects = 0;
  private maxLateMs = 0;

  constructor(options: ClipPublisherOptions) {
    this.options = options;
  }

  stats(): PublishStats {
    const { isLive, videoFrames, bytes, mediaMs, reconnects, maxLateMs } = this;
    return { isLive, videoFrames, bytes, mediaMs, reconnects, maxLateMs };
  }

  /** Resolves at the end of the media, or having said goodbye after `signal` was aborted. Throws what RtmpPublisher throws. */
  async run(signal: AbortSignal): Promise<PublishStats> {
    for (let retryMs = firstRetryMs; ; ) {
      const liveBefore = this.mediaMs;
      try {
        await this.publishOnce(signal);
        return this.stats();
      } catch (error) {
        if (signal.aborted) return this.stats();
        const isTransient = isStreamctlError(error) && transient.includes(error.code);
        if (this.options.reconnect !== true || !isTransient || this.mediaMs === 0) throw error;
        if (this.mediaMs > liveBefore) retryMs = firstRetryMs;
        this.options.onLost?.(error, retryMs);
        this.reconnects++;
        await delay(retryMs, undefined, { signal }).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
    }
  }

  private async publishOnce(signal: AbortSignal): Promise<void> {
    const publisher = new RtmpPublisher(this.options);
    const sentBeforeMs = this.mediaMs;
    const { clip, clock, startTimestampMs = 0, maxMediaMs = Number.POSITIVE_INFINITY } = this.options;
    try {
      await publisher.connect(signal);
      this.isLive = true;
      this.options.onLive?.();
      const paced = await paceClip({
        clip,
        clock,
        signal,
        startTimestampMs,
        loop: this.options.loop ?? false,
        speed: this.options.speed ?? 1,
        maxMediaMs: maxMediaMs - sentBeforeMs,
        onLate: (lateMs) => {
          if (lateMs > this.maxLateMs) this.maxLateMs = lateMs;
        },
        send: (tag, timestampMs) => {
          if (publisher.failure !== undefined) throw publisher.failure;
          this.mediaMs = sentBeforeMs + timestampMs - startTimestampMs;
          return this.send(publisher, tag, timestampMs, signal);
        },
      });
      this.mediaMs = sentBeforeMs + paced.mediaMs;
      if (publisher.failure !== undefined) throw publisher.failure;
    } finally {
      this.isLive = false;
      await publisher.goodbye();
    }
  }

  private send(
    publisher: RtmpPublisher,
    tag: ClipTag,
    timestampMs: number,
    signal: AbortSignal,
  ): Promise<void> | undefined {
    const body = this.options.rewrite?.(tag) ?? tag.body;
    this.bytes += body.length;
    if (tag.isFrame && tag.type === 'video') this.videoFrames++;
    return publisher.sendTag(tag.type, timestampMs, body) ? undefined : publisher.drained(signal);
  }
}
