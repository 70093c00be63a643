import type { VideoConfig } from '../media/track.ts';
import { FlvFeed } from './flv-feed.ts';
import { Mp4Feed } from './mp4-feed.ts';

/** One coded frame that the feed is given, its times already those of the session: whole milliseconds. */
export interface FeedFrame {
  readonly dtsMs: number;
  readonly ptsMs: number;
  readonly isSync: boolean;
  /** NAL units with 4-byte lengths (AV1: a temporal unit's OBUs). */
  readonly data: Uint8Array;
}

/** The bytes of one session's stdin: `header` once, then `frame` for each, in decode order. What they return is nobody else's. */
export interface Feed {
  readonly format: 'flv' | 'mp4';
  header(): Uint8Array;
  frame(frame: FeedFrame): Uint8Array;
}

/** FLV for H.264; fragmented MP4 for what ffmpeg 5 cannot read from FLV. `fps` is what the rate control reckons with. */
export function createFeed(config: VideoConfig, fps: number): Feed {
  return config.codec === 'avc' ? new FlvFeed(config, fps) : new Mp4Feed(config, fps);
}
