import { ByteWriter } from '../base/bytes.ts';
import { writeFlvHeader, writeFlvTag } from '../media/flv/file.ts';
import { writeVideoConfigBody } from '../media/flv/write-tag.ts';
import type { VideoConfig } from '../media/track.ts';
import type { Feed, FeedFrame } from './feed-writer.ts';

const tagHeaderBytes = 11;
const videoHeaderBytes = 5;
const previousTagSizeBytes = 4;
const videoTagType = 9;
const avcKeyFrame = 0x17;
const avcInterFrame = 0x27;
const naluPacket = 1;

/** H.264 as an FLV stream with one track (FLV 10.1 §E.4). */
export class FlvFeed implements Feed {
  readonly format = 'flv';
  private readonly config: VideoConfig;
  private readonly fps: number;

  constructor(config: VideoConfig, fps: number) {
    this.config = config;
    this.fps = fps;
  }

  header(): Uint8Array {
    const { widthPixels, heightPixels } = this.config;
    const metadata = writeMetadata({ framerate: this.fps, width: widthPixels, height: heightPixels });
    return new ByteWriter(512)
      .bytes(writeFlvHeader({ hasAudio: false, hasVideo: true }))
      .bytes(writeFlvTag({ type: 'script', timestampMs: 0, body: metadata }))
      .bytes(writeFlvTag({ type: 'video', timestampMs: 0, body: writeVideoConfigBody(this.config) }))
      .toBytes();
  }

  frame({ dtsMs, ptsMs, isSync, data }: FeedFrame): Uint8Array {
    const bodyBytes = videoHeaderBytes + data.length;
    const tag = Buffer.allocUnsafe(tagHeaderBytes + bodyBytes + previousTagSizeBytes);
    tag[0] = videoTagType;
    tag.writeUIntBE(bodyBytes, 1, 3);
    tag.writeUIntBE(dtsMs & 0xffffff, 4, 3);
    tag[7] = dtsMs >>> 24;
    tag.writeUIntBE(0, 8, 3); // stream id
    tag[11] = isSync ? avcKeyFrame : avcInterFrame;
    tag[12] = naluPacket;
    tag.writeIntBE(ptsMs - dtsMs, 13, 3);
    tag.set(data, tagHeaderBytes + videoHeaderBytes);
    tag.writeUInt32BE(tagHeaderBytes + bodyBytes, tagHeaderBytes + bodyBytes);
    return tag;
  }
}

/** onMetaData. Without its frame rate ffmpeg may take 1000 frames a second for true, and spend the bits accordingly. */
function writeMetadata(values: Readonly<Record<string, number>>): Uint8Array {
  const entries = Object.entries(values);
  const writer = new ByteWriter(96).u8(0x02).u16(10).ascii('onMetaData').u8(0x08).u32(entries.length);
  for (const [name, value] of entries) writer.u16(name.length).ascii(name).u8(0).f64(value);
  return writer.u16(0).u8(0x09).toBytes(); // empty name and end marker
}
