import { ByteWriter } from '../../base/bytes.ts';
import type { TrackConfig, VideoConfig } from '../track.ts';
import { box, fullBox } from './box.ts';
import { profileBrands } from './brands.ts';
import { pixelAspectOf, sampleEntry } from './sample-entry.ts';
import { trackId } from './sample-flags.ts';

const identityMatrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
const undeterminedLanguage = 0x55c4; // "und" in 5-bit letters

/**
 * The CMAF header of one track (ISO/IEC 23000-19 §7.3.1): ftyp and moov, without edit list, metadata or samples.
 * `timescale` is ticks per second of all times in its fragments.
 */
export function writeInitSegment(config: TrackConfig, timescale: number): Uint8Array<ArrayBuffer> {
  const ftyp = writeFileType(['iso6', 'cmfc', 'cmf2', ...profileBrands(config)]);
  const moov = box('moov', writeMovieHeader(timescale), writeTrack(config, timescale), writeMovieExtends());
  const out = new Uint8Array(ftyp.length + moov.length);
  out.set(ftyp);
  out.set(moov, ftyp.length);
  return out;
}

function writeFileType(brands: readonly string[]): Uint8Array {
  const writer = new ByteWriter().ascii('iso6').u32(0);
  for (const brand of brands) writer.ascii(brand);
  return box('ftyp', writer.toBytes());
}

function writeMovieHeader(timescale: number): Uint8Array {
  const writer = new ByteWriter(96).u32(0).u32(0).u32(timescale).u32(0);
  writer.u32(0x10000).u16(0x100).zeros(10); // rate and volume 1
  for (const value of identityMatrix) writer.u32(value);
  return fullBox(
    'mvhd',
    0,
    0,
    writer
      .zeros(24)
      .u32(trackId + 1)
      .toBytes(),
  );
}

function writeTrack(config: TrackConfig, timescale: number): Uint8Array {
  const isVideo = config.kind === 'video';
  const handler = new ByteWriter()
    .u32(0)
    .ascii(isVideo ? 'vide' : 'soun')
    .zeros(12);
  handler.ascii(isVideo ? 'video' : 'audio').u8(0);
  const mediaHeader = isVideo ? fullBox('vmhd', 0, 1, new Uint8Array(8)) : fullBox('smhd', 0, 0, new Uint8Array(4));
  const dataInformation = box('dinf', fullBox('dref', 0, 0, [0, 0, 0, 1], fullBox('url ', 0, 1)));
  const sampleTable = box(
    'stbl',
    fullBox('stsd', 0, 0, [0, 0, 0, 1], sampleEntry(config)),
    fullBox('stts', 0, 0, new Uint8Array(4)),
    fullBox('stsc', 0, 0, new Uint8Array(4)),
    fullBox('stsz', 0, 0, new Uint8Array(8)),
    fullBox('stco', 0, 0, new Uint8Array(4)),
  );
  const mdhd = new ByteWriter(20).u32(0).u32(0).u32(timescale).u32(0).u16(undeterminedLanguage).u16(0).toBytes();
  return box(
    'trak',
    writeTrackHeader(config),
    box(
      'mdia',
      fullBox('mdhd', 0, 0, mdhd),
      fullBox('hdlr', 0, 0, handler.toBytes()),
      box('minf', mediaHeader, dataInformation, sampleTable),
    ),
  );
}

function writeTrackHeader(config: TrackConfig): Uint8Array {
  const isVideo = config.kind === 'video';
  const writer = new ByteWriter(80).u32(0).u32(0).u32(trackId).u32(0).u32(0).zeros(8);
  writer.u16(0).u16(0); // layer, alternate_group
  writer.u16(isVideo ? 0 : 0x100).u16(0); // volume
  for (const value of identityMatrix) writer.u32(value);
  writer.u32(isVideo ? displayWidth(config) : 0).u32(isVideo ? config.heightPixels * 0x10000 : 0);
  return fullBox('tkhd', 0, 7, writer.toBytes()); // enabled, in movie, in preview
}

/** The width as shown, with square pixels, as a 16.16 number. */
function displayWidth(config: VideoConfig): number {
  const aspect = pixelAspectOf(config);
  const width = aspect === undefined ? config.widthPixels : (config.widthPixels * aspect.horizontal) / aspect.vertical;
  return Math.min(0xffffffff, Math.round(width * 0x10000));
}

/** Defaults of samples are in every fragment instead (brand cmf2). */
function writeMovieExtends(): Uint8Array {
  return box('mvex', fullBox('trex', 0, 0, new ByteWriter(20).u32(trackId).u32(1).u32(0).u32(0).u32(0).toBytes()));
}
