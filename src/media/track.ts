/** What a decoder must know before the first frame of a video track. */
export interface VideoConfig {
  readonly kind: 'video';
  readonly codec: 'avc' | 'hevc' | 'av1';
  /** RFC 6381, as in CODECS: `avc1.64001f`. */
  readonly codecString: string;
  /** The decoder configuration record as ISO/IEC 14496-15 stores it: the content of avcC, hvcC or av1C. Owned, never reused. */
  readonly record: Uint8Array;
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** Frames per second by the bitstream's own timing information, where it has any. A hint: senders lie. */
  readonly nominalFps?: number;
}

/** What a decoder must know before the first frame of an audio track. */
export interface AudioConfig {
  readonly kind: 'audio';
  readonly codec: 'aac' | 'opus';
  /** RFC 6381: `mp4a.40.2`, `opus`. */
  readonly codecString: string;
  /** AudioSpecificConfig (AAC), or the content of dOps: OpusHead without its magic, big-endian (Opus). Owned, never reused. */
  readonly record: Uint8Array;
  /** Rate of the decoded sound that timestamps count in: the core rate of AAC, 48000 for Opus. */
  readonly sampleRateHz: number;
  readonly channelCount: number;
  /** Samples of one coded frame at `sampleRateHz`: 1024 for AAC-LC, 960 where the config says so. */
  readonly samplesPerFrame: number;
}

/** Sound that players do not take, and that has no configuration beside its frames: AAC has to be made of it. */
export interface ForeignAudioConfig {
  readonly kind: 'audio';
  readonly codec: 'foreign';
  /** The name people know it by: `MP3`. */
  readonly codecString: string;
  /** The byte in front of each frame in FLV, which tells what decoders must know (FLV 10.1 §E.4.2.1). */
  readonly flvSoundHeader: number;
  readonly sampleRateHz: number;
  readonly channelCount: number;
}

/** Whatever sound a publisher may send. */
export type SourceAudioConfig = AudioConfig | ForeignAudioConfig;

export type TrackConfig = VideoConfig | AudioConfig;

/**
 * One coded frame. Times are milliseconds: of the publisher's clock (unwrapped to 64 bit) in `ingest`,
 * of stream time (which only grows, over reconnects too) behind `stream`.
 */
export interface AccessUnit {
  readonly kind: 'video' | 'audio';
  readonly dtsMs: number;
  /** PTS − DTS, signed. Zero for audio. */
  readonly compositionOffsetMs: number;
  readonly isSync: boolean;
  /** NAL units with 4-byte lengths (video), or one raw frame (audio). Valid only during the call it is passed in. */
  readonly data: Uint8Array;
  /** When its first bytes came from the publisher, monotonic ms; undefined for what came over no network. */
  readonly arrivedAtMs?: number | undefined;
}

/** Ticks per second of every video track we write; audio tracks count in their sample rate. */
export const videoTimescale = 90_000;

export function timescaleOf(config: TrackConfig): number {
  return config.kind === 'video' ? videoTimescale : config.sampleRateHz;
}
