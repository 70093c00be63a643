import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import { StreamctlError } from '../../base/errors.ts';
import type { VideoConfig } from '../track.ts';
import { hevcNalTypes } from './access-unit.ts';
import { readHevcSps } from './sps.ts';

/** HEVCDecoderConfigurationRecord: the content of hvcC (ISO/IEC 14496-15 §8.3.3.1). */
export interface HevcRecord {
  readonly profileSpace: number;
  readonly isHighTier: boolean;
  readonly profileIdc: number;
  readonly profileCompatibilityFlags: number;
  /** Six bytes. */
  readonly constraintFlags: Uint8Array;
  readonly levelIdc: number;
  /** min_spatial_segmentation_idc to avgFrameRate, as stored: eight bytes that we pass on. */
  readonly formatBytes: Uint8Array;
  /** constantFrameRate, numTemporalLayers and temporalIdNested, in place. */
  readonly layerBits: number;
  readonly nalLengthSizeBytes: number;
  readonly arrays: readonly { readonly type: number; readonly nals: readonly Uint8Array[] }[];
}

/** Nothing in band: what sample entry hvc1 says of all parameter sets. */
const arrayCompleteness = 0x80;

/** Reads an hvcC record. NAL units are views. Throws BYTES_SHORT or MEDIA_MALFORMED. */
export function readHevcRecord(bytes: Uint8Array): HevcRecord {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== 1) throw malformed(`its version is ${version}, not 1`);
  const profile = reader.u8();
  const profileCompatibilityFlags = reader.u32();
  const constraintFlags = reader.slice(6);
  const levelIdc = reader.u8();
  const formatBytes = reader.slice(8);
  const layers = reader.u8();
  const nalLengthSizeBytes = (layers & 3) + 1;
  if (nalLengthSizeBytes === 3) throw malformed('NAL unit lengths of 3 bytes do not exist');
  const arrays: { type: number; nals: Uint8Array[] }[] = [];
  for (let left = reader.u8(); left > 0; left--) {
    const type = reader.u8() & 0x3f;
    const nals: Uint8Array[] = [];
    for (let count = reader.u16(); count > 0; count--) nals.push(reader.slice(reader.u16()));
    arrays.push({ type, nals });
  }
  return {
    profileSpace: profile >> 6,
    isHighTier: (profile & 0x20) !== 0,
    profileIdc: profile & 0x1f,
    profileCompatibilityFlags,
    constraintFlags,
    levelIdc,
    formatBytes,
    layerBits: layers & 0xfc,
    nalLengthSizeBytes,
    arrays,
  };
}

export function writeHevcRecord(record: HevcRecord): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(256).u8(1);
  writer.u8((record.profileSpace << 6) | (record.isHighTier ? 0x20 : 0) | record.profileIdc);
  writer.u32(record.profileCompatibilityFlags).bytes(record.constraintFlags).u8(record.levelIdc);
  writer
    .bytes(record.formatBytes)
    .u8(record.layerBits | (record.nalLengthSizeBytes - 1))
    .u8(record.arrays.length);
  for (const { type, nals } of record.arrays) {
    writer.u8(arrayCompleteness | type).u16(nals.length);
    for (const nal of nals) writer.u16(nal.length).bytes(nal);
  }
  return writer.toBytes();
}

/**
 * What an hvcC record from the wire says, with 4-byte NAL lengths, which `normaliseNalUnits` gives the frames.
 * `nalLengthSizeBytes` is that of the frames as sent. Throws BYTES_SHORT or MEDIA_MALFORMED.
 */
export function readHevcConfig(bytes: Uint8Array): { config: VideoConfig; nalLengthSizeBytes: number } {
  const sent = readHevcRecord(bytes);
  for (const type of [hevcNalTypes.vps, hevcNalTypes.sps, hevcNalTypes.pps]) {
    if (nalsOf(sent, type).length === 0) throw malformed('a parameter set is missing');
  }
  const sps = readHevcSps(nalsOf(sent, hevcNalTypes.sps)[0]!);
  const config: VideoConfig = {
    kind: 'video',
    codec: 'hevc',
    codecString: codecString(sent),
    record: writeHevcRecord({ ...sent, nalLengthSizeBytes: 4 }),
    widthPixels: sps.widthPixels,
    heightPixels: sps.heightPixels,
    ...(sps.nominalFps === undefined ? {} : { nominalFps: sps.nominalFps }),
  };
  return { config, nalLengthSizeBytes: sent.nalLengthSizeBytes };
}

/** The NAL units of one type in a record. */
export function nalsOf(record: HevcRecord, type: number): Uint8Array[] {
  return record.arrays.filter((array) => array.type === type).flatMap((array) => array.nals);
}

/** RFC 6381 form of ISO/IEC 14496-15 annex E: `hvc1.1.6.L93.B0`. */
function codecString(record: HevcRecord): string {
  const space = ['', 'A', 'B', 'C'][record.profileSpace]!;
  let compatibility = 0;
  for (let i = 0; i < 32; i++) {
    if ((record.profileCompatibilityFlags >>> i) & 1) compatibility += 2 ** (31 - i);
  }
  const tier = record.isHighTier ? 'H' : 'L';
  const constraints = [...record.constraintFlags];
  while (constraints.at(-1) === 0) constraints.pop();
  const parts = [`${space}${record.profileIdc}`, hex(compatibility), `${tier}${record.levelIdc}`];
  return ['hvc1', ...parts, ...constraints.map(hex)].join('.');
}

function hex(value: number): string {
  return value.toString(16).toUpperCase();
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'HEVC configuration (hvcC)', why });
}
