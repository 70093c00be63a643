import { StreamctlError } from '../../base/errors.ts';
import { BitReader } from '../bit-reader.ts';
import type { AudioConfig } from '../track.ts';

/** AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1), as far as AAC needs it. */
export interface AudioSpecificConfig {
  /** Of the core: 2 is AAC-LC. */
  readonly objectType: number;
  readonly sampleRateHz: number;
  /** channelConfiguration: 1 to 6 channels, 7 for eight, 11, 12 and 14 for other layouts. */
  readonly channelConfiguration: number;
  /** 1024, or 960. */
  readonly samplesPerFrame: number;
  /** HE-AAC, where it is announced; decoders also find it in the frames unannounced. */
  readonly sbr?: { readonly sampleRateHz: number; readonly hasParametricStereo: boolean };
}

const sampleRatesHz = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
const channelCounts: Record<number, number> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8 };

/** The index ADTS and AudioSpecificConfig use for a rate; undefined for a rate that has none. */
export function samplingFrequencyIndex(sampleRateHz: number): number | undefined {
  const index = sampleRatesHz.indexOf(sampleRateHz);
  return index < 0 ? undefined : index;
}

/** Reads an AudioSpecificConfig. Throws MEDIA_MALFORMED, or MEDIA_UNSUPPORTED for AAC that we and players do not carry. */
export function readAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig {
  const bits = new BitReader(bytes, 'AAC configuration');
  let objectType = readObjectType(bits);
  const sampleRateHz = readSampleRate(bits);
  const channelConfiguration = bits.bits(4);
  let sbr: AudioSpecificConfig['sbr'];
  if (objectType === 5 || objectType === 29) {
    const hasParametricStereo = objectType === 29;
    sbr = { sampleRateHz: readSampleRate(bits), hasParametricStereo };
    objectType = readObjectType(bits);
  }
  if (objectType < 1 || objectType > 4) {
    throw new StreamctlError('MEDIA_UNSUPPORTED', { what: `AAC of MPEG-4 audio object type ${objectType}` });
  }
  const samplesPerFrame = bits.flag() ? 960 : 1024;
  if (bits.flag()) bits.skip(14); // coreCoderDelay
  bits.skip(1); // extensionFlag: adds nothing for these object types
  if (channelConfiguration === 0) {
    throw new StreamctlError('MEDIA_UNSUPPORTED', { what: 'AAC whose channel layout is a program config element' });
  }
  if (channelCounts[channelConfiguration] === undefined) {
    throw malformed(`channel configuration ${channelConfiguration} is reserved`);
  }
  sbr ??= readBackwardCompatibleSbr(bits);
  return { objectType, sampleRateHz, channelConfiguration, samplesPerFrame, ...(sbr && { sbr }) };
}

/** The announcement old decoders do not see (§1.6.6.2): sync word 0x2b7 behind the configuration they read. */
function readBackwardCompatibleSbr(bits: BitReader): AudioSpecificConfig['sbr'] {
  if (bits.remainingBits < 16 || bits.bits(11) !== 0x2b7 || readObjectType(bits) !== 5) return undefined;
  if (bits.remainingBits < 5 || !bits.flag()) return undefined;
  const sampleRateHz = readSampleRate(bits);
  const hasParametricStereo = bits.remainingBits >= 12 && bits.bits(11) === 0x548 && bits.flag();
  return { sampleRateHz, hasParametricStereo };
}

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

function readSampleRate(bits: BitReader): number {
  const index = bits.bits(4);
  const sampleRateHz = index === 15 ? bits.bits(24) : sampleRatesHz[index];
  if (sampleRateHz === undefined) throw malformed(`sample rate index ${index} is reserved`);
  if (sampleRateHz < 7350 || sampleRateHz > 96000) throw malformed(`a sample rate of ${sampleRateHz} Hz is not AAC's`);
  return sampleRateHz;
}

/** Writes an AudioSpecificConfig; SBR is announced explicitly (hierarchically, object type 5 or 29). */
export function writeAudioSpecificConfig(config: AudioSpecificConfig): Uint8Array<ArrayBuffer> {
  let text = '';
  const put = (value: number, count: number) => {
    text += value.toString(2).padStart(count, '0');
  };
  const putRate = (sampleRateHz: number) => {
    const index = samplingFrequencyIndex(sampleRateHz);
    put(index ?? 15, 4);
    if (index === undefined) put(sampleRateHz, 24);
  };
  if (config.sbr !== undefined) put(config.sbr.hasParametricStereo ? 29 : 5, 5);
  else put(config.objectType, 5);
  putRate(config.sampleRateHz);
  put(config.channelConfiguration, 4);
  if (config.sbr !== undefined) {
    putRate(config.sbr.sampleRateHz);
    put(config.objectType, 5);
  }
  put(config.samplesPerFrame === 960 ? 1 : 0, 1);
  put(0, 2); // dependsOnCoreCoder, extensionFlag
  const bytes = new Uint8Array(Math.ceil(text.length / 8));
  for (let i = 0; i < text.length; i++) if (text[i] === '1') bytes[i >> 3]! |= 0x80 >> (i & 7);
  return bytes;
}

/**
 * What an AudioSpecificConfig says. The record is a copy of it as sent, so that decoders see the same announcement of SBR.
 * Throws MEDIA_MALFORMED or MEDIA_UNSUPPORTED.
 */
export function readAacConfig(bytes: Uint8Array): AudioConfig {
  const config = readAudioSpecificConfig(bytes);
  const channelCount = config.sbr?.hasParametricStereo ? 2 : channelCounts[config.channelConfiguration]!;
  const announcedType = config.sbr === undefined ? config.objectType : config.sbr.hasParametricStereo ? 29 : 5;
  return {
    kind: 'audio',
    codec: 'aac',
    codecString: `mp4a.40.${announcedType}`,
    record: bytes.slice(),
    sampleRateHz: config.sampleRateHz,
    channelCount,
    samplesPerFrame: config.samplesPerFrame,
  };
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'AAC configuration', why });
}
