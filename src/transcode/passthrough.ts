import { readAvcRecord } from '../media/avc/record.ts';
import { type AvcSps, readAvcSps } from '../media/avc/sps.ts';
import type { VideoConfig } from '../media/track.ts';

/** Constrained Baseline or Baseline, Main, High (ISO/IEC 14496-10 annex A): what every player decodes. */
const commonProfiles = [66, 77, 100];

/** Why a source cannot be offered to everybody as it is, for a person; undefined where it can: progressive 8-bit 4:2:0 H.264 up to High. */
export function passthroughObstacle(config: VideoConfig): string | undefined {
  if (config.codec !== 'avc') {
    return `${config.codec === 'hevc' ? 'HEVC' : 'AV1'} video plays in some players only`;
  }
  const sps = firstSps(config);
  if (sps.bitDepthLuma > 8 || sps.bitDepthChroma > 8) {
    return `hardly any player decodes H.264 of ${Math.max(sps.bitDepthLuma, sps.bitDepthChroma)} bits`;
  }
  if (sps.chromaFormatIdc !== 1) return `hardly any player decodes H.264 of ${chromaNames[sps.chromaFormatIdc]} chroma`;
  if (!commonProfiles.includes(sps.profileIdc)) return `hardly any player decodes H.264 of profile ${sps.profileIdc}`;
  if (sps.isInterlaced) return 'interlaced video shows combs in browsers';
  return undefined;
}

/** Whether frames may be made of two fields: they have to be woven out before they are scaled. */
export function isInterlaced(config: VideoConfig): boolean {
  return config.codec === 'avc' && firstSps(config).isInterlaced;
}

/** chroma_format_idc (ISO/IEC 14496-10 table 6-1). */
const chromaNames = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'];

function firstSps(config: VideoConfig): AvcSps {
  return readAvcSps(readAvcRecord(config.record).spsNals[0]!);
}
