import { ByteWriter } from '../../base/bytes.ts';
import { assertNever } from '../../base/errors.ts';
import { readAv1Record } from '../av1/record.ts';
import { readAvcRecord } from '../avc/record.ts';
import { readAvcSps } from '../avc/sps.ts';
import { hevcNalTypes } from '../hevc/access-unit.ts';
import { nalsOf, readHevcRecord } from '../hevc/record.ts';
import { readHevcSps } from '../hevc/sps.ts';
import type { ColourDescription, PixelAspect } from '../picture.ts';
import type { AudioConfig, TrackConfig, VideoConfig } from '../track.ts';
import { box, fullBox } from './box.ts';

/** The sample entry of a track, with its decoder configuration (ISO/IEC 14496-12 §8.5.2, 14496-14, 14496-15). */
export function sampleEntry(config: TrackConfig): Uint8Array {
  switch (config.codec) {
    case 'avc':
      return visualEntry('avc1', config, box('avcC', config.record));
    case 'aac':
      return audioEntry('mp4a', config, elementaryStreamDescriptor(config));
    case 'hevc':
      return visualEntry('hvc1', config, box('hvcC', config.record));
    case 'av1':
      return visualEntry('av01', config, box('av1C', config.record));
    case 'opus':
      return audioEntry('Opus', config, box('dOps', config.record));
    default:
      assertNever(config);
  }
}

/** The shape of the pixels, where the bitstream says it. */
export function pixelAspectOf(config: VideoConfig): PixelAspect | undefined {
  return pictureOf(config).pixelAspect;
}

function pictureOf(config: VideoConfig): {
  pixelAspect?: PixelAspect | undefined;
  colour?: ColourDescription | undefined;
} {
  switch (config.codec) {
    case 'avc':
      return readAvcSps(readAvcRecord(config.record).spsNals[0]!);
    case 'hevc':
      return readHevcSps(nalsOf(readHevcRecord(config.record), hevcNalTypes.sps)[0]!);
    case 'av1':
      return readAv1Record(config.record);
    default:
      assertNever(config.codec);
  }
}

function visualEntry(type: string, config: VideoConfig, configuration: Uint8Array): Uint8Array {
  const { pixelAspect, colour } = pictureOf(config);
  const writer = new ByteWriter(128).zeros(6).u16(1).zeros(16); // data_reference_index 1
  writer.u16(config.widthPixels).u16(config.heightPixels).u32(0x480000).u32(0x480000); // 72 dpi
  writer.u32(0).u16(1).zeros(32).u16(0x18).u16(0xffff); // one frame a sample, no compressor name, depth 24
  writer.bytes(configuration);
  if (colour !== undefined) {
    const { primaries, transfer, matrix, isFullRange } = colour;
    const nclx = new ByteWriter(11)
      .ascii('nclx')
      .u16(primaries)
      .u16(transfer)
      .u16(matrix)
      .u8(isFullRange ? 0x80 : 0);
    writer.bytes(box('colr', nclx.toBytes()));
  }
  if (pixelAspect !== undefined) {
    writer.bytes(box('pasp', new ByteWriter(8).u32(pixelAspect.horizontal).u32(pixelAspect.vertical).toBytes()));
  }
  return box(type, writer.toBytes());
}

function audioEntry(type: string, config: AudioConfig, configuration: Uint8Array): Uint8Array {
  const writer = new ByteWriter(64).zeros(6).u16(1).zeros(8);
  writer
    .u16(config.channelCount)
    .u16(16)
    .u32(0)
    .u16(config.sampleRateHz > 0xffff ? 0 : config.sampleRateHz)
    .u16(0);
  return box(type, writer.bytes(configuration).toBytes());
}

/** esds: the chain of descriptors around an AudioSpecificConfig (ISO/IEC 14496-1 §7.2.6). */
function elementaryStreamDescriptor(config: AudioConfig): Uint8Array {
  const specificInfo = descriptor(0x05, config.record);
  const mpeg4Audio = [0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]; // audio stream; buffer and bit rates unknown
  const decoderConfig = descriptor(0x04, Uint8Array.from([...mpeg4Audio, ...specificInfo]));
  const slConfig = descriptor(0x06, Uint8Array.of(0x02));
  return fullBox('esds', 0, 0, descriptor(0x03, Uint8Array.from([0, 0, 0, ...decoderConfig, ...slConfig])));
}

/** A descriptor with its length in the 4-byte form, which every reader knows. */
function descriptor(tag: number, content: Uint8Array): Uint8Array {
  const size = content.length;
  const length = [0x80 | (size >> 21), 0x80 | (size >> 14), 0x80 | (size >> 7), size & 0x7f];
  return Uint8Array.from([tag, ...length, ...content]);
}
