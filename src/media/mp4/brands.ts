import { readAvcRecord } from '../avc/record.ts';
import type { TrackConfig, VideoConfig } from '../track.ts';

/** The CMAF media profile a track keeps to (ISO/IEC 23000-19 annexes A and B); none when it exceeds those we know. */
export function profileBrands(config: TrackConfig): string[] {
  if (config.kind === 'video') return config.codec === 'avc' ? avcBrands(config) : [];
  const isCoreAac = config.codec === 'aac' && config.channelCount <= 2 && config.sampleRateHz <= 48_000;
  return isCoreAac && ['mp4a.40.2', 'mp4a.40.5', 'mp4a.40.29'].includes(config.codecString) ? ['caac'] : [];
}

/** cfhd: High profile or below, level 4.0, 1920x1080; chdf: the same at level 4.2 (table A.1). */
function avcBrands(config: VideoConfig): string[] {
  const { profileIdc, levelIdc } = readAvcRecord(config.record);
  const isWithinSize = config.widthPixels <= 1920 && config.heightPixels <= 1080;
  if (![66, 77, 100].includes(profileIdc) || !isWithinSize) return [];
  if (levelIdc <= 40) return ['cfhd'];
  return levelIdc <= 42 ? ['chdf'] : [];
}
