import { StreamctlError } from '../../base/errors.ts';
import { type AudioSpecificConfig, samplingFrequencyIndex } from './config.ts';

export const adtsHeaderSizeBytes = 7;
const maxFrameBytes = 0x1fff;

/**
 * Writes the ADTS header of one raw AAC frame at `offset` (ISO/IEC 13818-7 §6.2): 7 bytes, no CRC. HE-AAC is signalled
 * implicitly, by the core's profile and rate, which is the only way ADTS has.
 * Throws MEDIA_TS_UNSUPPORTED for a configuration that ADTS cannot say.
 */
export function writeAdtsHeader(
  out: Uint8Array,
  offset: number,
  config: AudioSpecificConfig,
  frameBytes: number,
): void {
  const rateIndex = samplingFrequencyIndex(config.sampleRateHz);
  const sizeBytes = frameBytes + adtsHeaderSizeBytes;
  const { channelConfiguration } = config;
  if (
    rateIndex === undefined ||
    channelConfiguration > 7 ||
    sizeBytes > maxFrameBytes ||
    config.samplesPerFrame !== 1024
  ) {
    throw new StreamctlError('MEDIA_TS_UNSUPPORTED', { what: 'AAC of this configuration or frame size' });
  }
  out[offset] = 0xff;
  out[offset + 1] = 0xf1; // MPEG-4, layer 0, no CRC
  out[offset + 2] = ((config.objectType - 1) << 6) | (rateIndex << 2) | (channelConfiguration >> 2);
  out[offset + 3] = ((channelConfiguration & 3) << 6) | (sizeBytes >> 11);
  out[offset + 4] = (sizeBytes >> 3) & 0xff;
  out[offset + 5] = ((sizeBytes & 7) << 5) | 0x1f; // buffer fullness 0x7ff: variable rate
  out[offset + 6] = 0xfc;
}
