import { assertNever, isStreamctlError, StreamctlError } from '../../base/errors.ts';
import { parseAudioTagBody, parseVideoTagBody } from '../../media/flv/tag.ts';
import type { AudioTag, VideoTag } from '../../media/flv/tag-content.ts';
import type { SourceAudioConfig } from '../../media/track.ts';
import type { RtmpMessage } from '../../rtmp/message.ts';
import { TimestampUnwrapper } from '../../rtmp/timestamp-unwrapper.ts';
import type { Publication } from '../../stream/publication.ts';

/** This many damaged messages in a row, and the publisher is given up. */
const maxDamagedInARow = 100;
/** This many messages of a codec we do not carry, without any track that we do, and the publisher is told. */
const maxUnsupported = 100;

export interface IntakeCounts {
  videoFrames: number;
  audioFrames: number;
  /** Frames whose decoder configuration has not come. */
  beforeConfig: number;
  /** Messages with nothing in them for us: metadata packets, empty headers, codecs we do not carry. */
  ignored: number;
  malformed: number;
}

/** Turns the audio and video messages of one publisher into configurations and access units. */
export class MediaIntake {
  readonly counts: IntakeCounts = { videoFrames: 0, audioFrames: 0, beforeConfig: 0, ignored: 0, malformed: 0 };
  /** The first codec seen that is not carried. */
  unsupportedCodec: string | undefined;
  private readonly publication: Publication;
  private readonly time = new TimestampUnwrapper();
  private hasVideoConfig = false;
  private audioConfig: SourceAudioConfig | undefined;
  private nalLengthSizeBytes = 4;
  private damagedInARow = 0;
  private unsupported = 0;

  constructor(publication: Publication) {
    this.publication = publication;
  }

  /** A damaged message costs itself. Throws RTMP_INPUT_UNUSABLE when there is no hope. */
  video(message: RtmpMessage): void {
    let tag: VideoTag;
    try {
      tag = parseVideoTagBody(message.payload, this.nalLengthSizeBytes);
    } catch (error) {
      this.countDamaged(error);
      return;
    }
    this.damagedInARow = 0;
    if (tag.type === 'frame') {
      if (!this.hasVideoConfig) {
        this.counts.beforeConfig++;
        return;
      }
      this.counts.videoFrames++;
      this.publication.accessUnit({
        kind: 'video',
        dtsMs: this.time.unwrap(message.timestampMs),
        compositionOffsetMs: tag.compositionOffsetMs,
        isSync: tag.isSync,
        data: tag.data,
        arrivedAtMs: message.arrivedAtMs,
      });
    } else if (tag.type === 'config') {
      this.hasVideoConfig = true;
      this.nalLengthSizeBytes = tag.nalLengthSizeBytes;
      this.publication.videoConfig(tag.config);
    } else {
      this.countIgnored(tag.type === 'ignored' ? tag.unsupportedCodec : undefined);
    }
  }

  /** As `video`. */
  audio(message: RtmpMessage): void {
    let tag: AudioTag;
    try {
      tag = parseAudioTagBody(message.payload);
    } catch (error) {
      this.countDamaged(error);
      return;
    }
    this.damagedInARow = 0;
    switch (tag.type) {
      case 'frame':
        this.sound(message, tag.data);
        return;
      case 'foreign-frame':
        if (tag.config !== this.audioConfig) this.configureSound(tag.config);
        this.sound(message, tag.data);
        return;
      case 'config':
        this.configureSound(tag.config);
        return;
      case 'ignored':
        this.countIgnored(tag.unsupportedCodec);
        return;
      default:
        assertNever(tag);
    }
  }

  private configureSound(config: SourceAudioConfig): void {
    this.audioConfig = config;
    this.publication.audioConfig(config);
  }

  private sound({ timestampMs, arrivedAtMs }: RtmpMessage, data: Uint8Array): void {
    if (this.audioConfig === undefined) {
      this.counts.beforeConfig++;
      return;
    }
    this.counts.audioFrames++;
    const dtsMs = this.time.unwrap(timestampMs);
    this.publication.accessUnit({ kind: 'audio', dtsMs, compositionOffsetMs: 0, isSync: true, data, arrivedAtMs });
  }

  /** Counts a message that could not be read. Throws what is no StreamctlError, and RTMP_INPUT_UNUSABLE. */
  countDamaged(error: unknown): void {
    if (!isStreamctlError(error)) throw error;
    this.counts.malformed++;
    if (error.code === 'MEDIA_UNSUPPORTED') this.countUnsupported(error.message);
    if (++this.damagedInARow < maxDamagedInARow) return;
    throw new StreamctlError('RTMP_INPUT_UNUSABLE', { why: error.message }, { cause: error });
  }

  private countIgnored(unsupportedCodec: string | undefined): void {
    this.counts.ignored++;
    if (unsupportedCodec !== undefined) this.countUnsupported(`${unsupportedCodec} is not carried`);
  }

  private countUnsupported(why: string): void {
    this.unsupportedCodec ??= why;
    if (++this.unsupported < maxUnsupported || this.hasVideoConfig || this.audioConfig !== undefined) return;
    throw new StreamctlError('RTMP_INPUT_UNUSABLE', { why });
  }
}
