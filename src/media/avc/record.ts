import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import { StreamctlError } from '../../base/errors.ts';
import type { VideoConfig } from '../track.ts';
import { type AvcSps, hasHighProfileFields, readAvcSps } from './sps.ts';

/** AVCDecoderConfigurationRecord: the content of avcC (ISO/IEC 14496-15 §5.3.3.1). */
export interface AvcRecord {
  readonly profileIdc: number;
  readonly constraintFlags: number;
  readonly levelIdc: number;
  readonly nalLengthSizeBytes: number;
  readonly spsNals: readonly Uint8Array[];
  readonly ppsNals: readonly Uint8Array[];
  /** Only of profiles that have it; senders often leave it out even then. */
  readonly high?: {
    readonly chromaFormatIdc: number;
    readonly bitDepthLuma: number;
    readonly bitDepthChroma: number;
    readonly spsExtNals: readonly Uint8Array[];
  };
}

/** Reads an avcC record. NAL units are views. Throws BYTES_SHORT or MEDIA_MALFORMED. */
export function readAvcRecord(bytes: Uint8Array): AvcRecord {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== 1) throw malformed(`its version is ${version}, not 1`);
  const profileIdc = reader.u8();
  const constraintFlags = reader.u8();
  const levelIdc = reader.u8();
  const nalLengthSizeBytes = (reader.u8() & 3) + 1;
  if (nalLengthSizeBytes === 3) throw malformed('NAL unit lengths of 3 bytes do not exist');
  const spsNals = readNals(reader, reader.u8() & 0x1f);
  const ppsNals = readNals(reader, reader.u8());
  const record = { profileIdc, constraintFlags, levelIdc, nalLengthSizeBytes, spsNals, ppsNals };
  if (!hasHighProfileFields(profileIdc) || reader.remaining < 4) return record;
  const chromaFormatIdc = reader.u8() & 3;
  const bitDepthLuma = 8 + (reader.u8() & 7);
  const bitDepthChroma = 8 + (reader.u8() & 7);
  const spsExtNals = readNals(reader, reader.u8());
  return { ...record, high: { chromaFormatIdc, bitDepthLuma, bitDepthChroma, spsExtNals } };
}

function readNals(reader: ByteReader, count: number): Uint8Array[] {
  const nals: Uint8Array[] = [];
  for (let i = 0; i < count; i++) nals.push(reader.slice(reader.u16()));
  return nals;
}

export function writeAvcRecord(record: AvcRecord): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(64).u8(1).u8(record.profileIdc).u8(record.constraintFlags).u8(record.levelIdc);
  writer.u8(0xfc | (record.nalLengthSizeBytes - 1));
  writeNals(writer, 0xe0, record.spsNals);
  writeNals(writer, 0, record.ppsNals);
  if (record.high !== undefined) {
    writer.u8(0xfc | record.high.chromaFormatIdc);
    writer.u8(0xf8 | (record.high.bitDepthLuma - 8)).u8(0xf8 | (record.high.bitDepthChroma - 8));
    writeNals(writer, 0, record.high.spsExtNals);
  }
  return writer.toBytes();
}

function writeNals(writer: ByteWriter, reservedBits: number, nals: readonly Uint8Array[]): void {
  writer.u8(reservedBits | nals.length);
  for (const nal of nals) writer.u16(nal.length).bytes(nal);
}

/**
 * What an avcC record from the wire says, put right: profile and level as the SPS has them (senders copy them wrongly),
 * the high profile fields present, and 4-byte NAL lengths, which `normaliseNalUnits` gives the frames.
 * `nalLengthSizeBytes` is that of the frames as sent. Throws BYTES_SHORT or MEDIA_MALFORMED.
 */
export function readAvcConfig(bytes: Uint8Array): { config: VideoConfig; nalLengthSizeBytes: number } {
  const sent = readAvcRecord(bytes);
  const spsNals = sent.spsNals.filter((nal) => nal.length > 0);
  const ppsNals = sent.ppsNals.filter((nal) => nal.length > 0);
  const [spsNal] = spsNals;
  if (spsNal === undefined) throw malformed('it has no SPS');
  if (ppsNals.length === 0) throw malformed('it has no PPS');
  const sps = readAvcSps(spsNal);
  const { profileIdc, constraintFlags, levelIdc } = sps;
  const record = writeAvcRecord({
    profileIdc,
    constraintFlags,
    levelIdc,
    nalLengthSizeBytes: 4,
    spsNals,
    ppsNals,
    ...(hasHighProfileFields(profileIdc) ? { high: highFields(sps, sent) } : {}),
  });
  const config: VideoConfig = {
    kind: 'video',
    codec: 'avc',
    codecString: `avc1.${hex(profileIdc)}${hex(constraintFlags)}${hex(levelIdc)}`,
    record,
    widthPixels: sps.widthPixels,
    heightPixels: sps.heightPixels,
    ...(sps.nominalFps === undefined ? {} : { nominalFps: sps.nominalFps }),
  };
  return { config, nalLengthSizeBytes: sent.nalLengthSizeBytes };
}

function highFields(sps: AvcSps, sent: AvcRecord): NonNullable<AvcRecord['high']> {
  const { chromaFormatIdc, bitDepthLuma, bitDepthChroma } = sps;
  return { chromaFormatIdc, bitDepthLuma, bitDepthChroma, spsExtNals: sent.high?.spsExtNals ?? [] };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'H.264 configuration (avcC)', why });
}
