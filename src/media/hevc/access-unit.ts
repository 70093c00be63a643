import type { FrameContent } from '../frame-content.ts';
import { nalUnitEnd } from '../nal-units.ts';

const firstIrapType = 16;
const lastIrapType = 21;
const firstNonVclType = 32;

/** Types of NAL units that are not coded pictures (ISO/IEC 23008-2 table 7-1). */
export const hevcNalTypes = { vps: 32, sps: 33, pps: 34, delimiter: 35 } as const;

/** nal_unit_type of the first byte of an HEVC NAL unit header. */
export function hevcNalType(firstByte: number): number {
  return (firstByte >> 1) & 0x3f;
}

/**
 * Looks at the NAL unit types of an HEVC access unit (ISO/IEC 23008-2 table 7-1). Sync means IDR, BLA or CRA: decoding can
 * begin at each, and encoders with open GOPs send hardly anything but CRA. A player that enters at a CRA leaves out the
 * few pictures shown before it. Throws MEDIA_MALFORMED when a length points past the end.
 */
export function classifyHevcFrame(data: Uint8Array, lengthSizeBytes: number): FrameContent {
  let content: FrameContent = 'no-picture';
  for (let at = 0; at < data.length; ) {
    const end = nalUnitEnd(data, at, lengthSizeBytes);
    if (end > at + lengthSizeBytes) {
      const type = hevcNalType(data[at + lengthSizeBytes]!);
      if (type >= firstIrapType && type <= lastIrapType) content = 'sync';
      else if (content === 'no-picture' && type < firstNonVclType) content = 'picture';
    }
    at = end;
  }
  return content;
}
