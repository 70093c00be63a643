import { nalUnitEnd } from '../media/nal-units.ts';
import type { VideoConfig } from '../media/track.ts';

const firstSliceType = 1;
const lastSliceType = 5;

/**
 * Whether no other frame needs this one to be decoded: every slice has nal_ref_idc 0 (ISO/IEC 14496-10 §7.4.1). Of other codecs
 * than H.264 it says no. The frame has 4-byte NAL lengths and was checked at ingest.
 */
export function isDisposable(codec: VideoConfig['codec'], data: Uint8Array): boolean {
  if (codec !== 'avc') return false;
  let hasSlice = false;
  for (let at = 0; at < data.length; ) {
    const end = nalUnitEnd(data, at, 4);
    const header = data[at + 4] ?? 0;
    const type = header & 0x1f;
    if (type >= firstSliceType && type <= lastSliceType) {
      if ((header & 0x60) !== 0) return false;
      hasSlice = true;
    }
    at = end;
  }
  return hasSlice;
}
