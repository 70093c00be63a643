import { writeFlvHeader } from '../media/flv/file.ts';
import type { ForeignAudioConfig, SourceAudioConfig } from '../media/track.ts';
import type { Feed, FeedFrame } from './feed-writer.ts';
import { Mp4Feed } from './mp4-feed.ts';

const tagHeaderBytes = 11;
const previousTagSizeBytes = 4;
const audioTagType = 8;
const opusFramesPerSecond = 50;

/** Sound of one encoding as an FLV stream with one track (FLV 10.1 §E.4.2). */
class FlvSoundFeed implements Feed {
  readonly format = 'flv';
  private readonly soundHeader: number;

  constructor(config: ForeignAudioConfig) {
    this.soundHeader = config.flvSoundHeader;
  }

  header(): Uint8Array {
    return writeFlvHeader({ hasAudio: true, hasVideo: false });
  }

  frame({ dtsMs, data }: FeedFrame): Uint8Array {
    const bodyBytes = 1 + data.length;
    const tag = Buffer.allocUnsafe(tagHeaderBytes + bodyBytes + previousTagSizeBytes);
    tag[0] = audioTagType;
    tag.writeUIntBE(bodyBytes, 1, 3);
    tag.writeUIntBE(dtsMs & 0xffffff, 4, 3);
    tag[7] = dtsMs >>> 24;
    tag.writeUIntBE(0, 8, 3); // stream id
    tag[tagHeaderBytes] = this.soundHeader;
    tag.set(data, tagHeaderBytes + 1);
    tag.writeUInt32BE(tagHeaderBytes + bodyBytes, tagHeaderBytes + bodyBytes);
    return tag;
  }
}

/** FLV for what it has a place for; fragmented MP4 for Opus, which ffmpeg 5 cannot read from FLV. */
export function createSoundFeed(config: SourceAudioConfig): Feed {
  return config.codec === 'foreign' ? new FlvSoundFeed(config) : new Mp4Feed(config, opusFramesPerSecond);
}
