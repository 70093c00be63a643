import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import { StreamctlError } from '../../base/errors.ts';
import type { AudioConfig } from '../track.ts';

const magic = 0x4f70757348656164n; // "OpusHead"
const frameSamples = 960;

/**
 * What an Opus identification header (RFC 7845 §5.1), magic included, says. The record is the content of dOps
 * (Opus in ISOBMFF §4.3.2): the same fields, but version 0 and big-endian. Throws BYTES_SHORT, MEDIA_MALFORMED or
 * MEDIA_UNSUPPORTED.
 */
export function readOpusConfig(bytes: Uint8Array): AudioConfig {
  const reader = new ByteReader(bytes);
  if (((BigInt(reader.u32()) << 32n) | BigInt(reader.u32())) !== magic)
    throw malformed('it does not begin with "OpusHead"');
  if (reader.u8() > 15) throw malformed('its version is unknown');
  const channelCount = reader.u8();
  if (channelCount === 0) throw malformed('it has no channels');
  const preSkip = swap16(reader.u16());
  const inputSampleRateHz = reader.u32le();
  const outputGain = swap16(reader.u16());
  const mappingFamily = reader.u8();
  if (mappingFamily > 1 || (mappingFamily === 0 && channelCount > 2)) {
    throw new StreamctlError('MEDIA_UNSUPPORTED', {
      what: `Opus with ${channelCount} channels of family ${mappingFamily}`,
    });
  }
  const mapping = mappingFamily === 0 ? new Uint8Array(0) : reader.slice(2 + channelCount);
  const record = new ByteWriter(32).u8(0).u8(channelCount).u16(preSkip).u32(inputSampleRateHz).u16(outputGain);
  return {
    kind: 'audio',
    codec: 'opus',
    codecString: 'opus',
    record: record.u8(mappingFamily).bytes(mapping).toBytes(),
    sampleRateHz: 48_000,
    channelCount,
    samplesPerFrame: frameSamples,
  };
}

/** The identification header of a configuration. Mirror of `readOpusConfig`. */
export function writeOpusHead(config: AudioConfig): Uint8Array<ArrayBuffer> {
  const reader = new ByteReader(config.record, 1);
  const writer = new ByteWriter(32).ascii('OpusHead').u8(1).u8(reader.u8()).u16(swap16(reader.u16()));
  writer.u32le(reader.u32()).u16(swap16(reader.u16()));
  return writer.bytes(reader.slice(reader.remaining)).toBytes();
}

/** Whether a packet is 20 ms long (RFC 6716 §3.1): the only length our track has. */
export function isTwentyMsPacket(packet: Uint8Array): boolean {
  const toc = packet[0]!;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f;
  return frames * samplesOfMode(toc >> 3) === frameSamples;
}

function samplesOfMode(mode: number): number {
  if (mode >= 16) return 120 << (mode & 3); // CELT: 2.5 to 20 ms
  if (mode >= 12) return 480 << (mode & 1); // hybrid: 10, 20 ms
  return [480, 960, 1920, 2880][mode & 3]!; // SILK: 10 to 60 ms
}

function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'Opus header', why });
}
