import { assertNever } from '../../base/errors.ts';
import { readAvcRecord } from '../avc/record.ts';
import { readHevcRecord } from '../hevc/record.ts';
import type { AudioConfig, TrackConfig, VideoConfig } from '../track.ts';

/** The CMAF media profile a track keeps to (ISO/IEC 23000-19 annexes A and B); none when it exceeds those we know. */
export function profileBrands(config: TrackConfig): string[] {
  switch (config.codec) {
    case 'avc':
      return avcBrands(config);
    case 'hevc':
      return hevcBrands(config);
    case 'av1':
      return ['av01'];
    case 'aac':
      return isCoreAac(config) ? ['caac'] : [];
    case 'opus':
      return [];
    default:
      assertNever(config);
  }
}

/** Up to two channels and 48 kHz, AAC-LC or HE-AAC (§10.3). */
function isCoreAac(config: AudioConfig): boolean {
  const isKnownType = ['mp4a.40.2', 'mp4a.40.5', 'mp4a.40.29'].includes(config.codecString);
  return isKnownType && config.channelCount <= 2 && config.sampleRateHz <= 48_000;
}

/** cfhd: High profile or below, level 4.0, 1920x1080; chdf: the same at level 4.2 (table A.1). */
function avcBrands(config: VideoConfig): string[] {
  const { profileIdc, levelIdc } = readAvcRecord(config.record);
  if (![66, 77, 100].includes(profileIdc) || !isWithinFullHd(config)) return [];
  if (levelIdc <= 40) return ['cfhd'];
  return levelIdc <= 42 ? ['chdf'] : [];
}

/** chhd and chh1: Main and Main 10 profile, main tier, level 4.1, 1920x1080 (table B.1). */
function hevcBrands(config: VideoConfig): string[] {
  const { profileIdc, isHighTier, levelIdc } = readHevcRecord(config.record);
  if (isHighTier || levelIdc > 123 || !isWithinFullHd(config)) return [];
  return profileIdc === 1 ? ['chhd'] : profileIdc === 2 ? ['chh1'] : [];
}

function isWithinFullHd(config: VideoConfig): boolean {
  return config.widthPixels <= 1920 && config.heightPixels <= 1080;
}
