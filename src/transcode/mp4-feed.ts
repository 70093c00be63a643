import { writeInitSegment } from '../media/mp4/init-segment.ts';
import { dependentSampleFlags, syncSampleFlags, tfhdFlags, trackId, trunFlags } from '../media/mp4/sample-flags.ts';
import type { TrackConfig } from '../media/track.ts';
import type { Feed, FeedFrame } from './feed-writer.ts';

const timescale = 1000;
const mfhdBytes = 16;
const tfhdBytes = 20;
const tfdtBytes = 20;
const trunBytes = 32;
const trafBytes = 8 + tfhdBytes + tfdtBytes + trunBytes;
const moofBytes = 8 + mfhdBytes + trafBytes;
const headerBytes = moofBytes + 8;

/**
 * HEVC, AV1 or Opus as fragmented MP4, one fragment a frame, in milliseconds. Runs are of version 0, whose composition offsets are never
 * negative: after signed ones ffmpeg's demuxer shows everything later by the largest it has seen.
 */
export class Mp4Feed implements Feed {
  readonly format = 'mp4';
  private readonly config: TrackConfig;
  private readonly frameDurationMs: number;
  private sequenceNumber = 0;

  constructor(config: TrackConfig, fps: number) {
    this.config = config;
    this.frameDurationMs = Math.max(1, Math.round(1000 / fps));
  }

  header(): Uint8Array {
    return writeInitSegment(this.config, timescale);
  }

  frame({ dtsMs, ptsMs, isSync, data }: FeedFrame): Uint8Array {
    const fragment = Buffer.allocUnsafe(headerBytes + data.length);
    const decodeTimeMs = Math.min(dtsMs, ptsMs);
    let at = writeBoxHeader(fragment, 0, moofBytes, 'moof');
    at = writeBoxHeader(fragment, at, mfhdBytes, 'mfhd');
    at = fragment.writeUInt32BE(0, at);
    at = fragment.writeUInt32BE(++this.sequenceNumber, at);
    at = writeBoxHeader(fragment, at, trafBytes, 'traf');
    at = writeBoxHeader(fragment, at, tfhdBytes, 'tfhd');
    at = fragment.writeUInt32BE(tfhdFlags.defaultBaseIsMoof | tfhdFlags.defaultDuration, at);
    at = fragment.writeUInt32BE(trackId, at);
    at = fragment.writeUInt32BE(this.frameDurationMs, at);
    at = writeBoxHeader(fragment, at, tfdtBytes, 'tfdt');
    at = fragment.writeUInt32BE(0x01000000, at);
    at = fragment.writeBigUInt64BE(BigInt(decodeTimeMs), at);
    at = writeBoxHeader(fragment, at, trunBytes, 'trun');
    at = fragment.writeUInt32BE(
      trunFlags.dataOffset | trunFlags.size | trunFlags.flags | trunFlags.compositionOffset,
      at,
    );
    at = fragment.writeUInt32BE(1, at);
    at = fragment.writeUInt32BE(headerBytes, at);
    at = fragment.writeUInt32BE(data.length, at);
    at = fragment.writeUInt32BE(isSync ? syncSampleFlags : dependentSampleFlags, at);
    at = fragment.writeUInt32BE(ptsMs - decodeTimeMs, at);
    at = writeBoxHeader(fragment, at, 8 + data.length, 'mdat');
    fragment.set(data, at);
    return fragment;
  }
}

function writeBoxHeader(target: Buffer, start: number, sizeBytes: number, type: string): number {
  const at = target.writeUInt32BE(sizeBytes, start);
  return at + target.write(type, at, 'latin1');
}
