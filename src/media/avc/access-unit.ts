import type { FrameContent } from '../frame-content.ts';
import { nalUnitEnd } from '../nal-units.ts';

/**
 * Looks at the NAL unit types of an H.264 access unit (ISO/IEC 14496-10 table 7-1). Sync means IDR: a recovery point is not
 * enough for a segment that must be decodable by itself, and the sender's own keyframe flag is not trusted.
 * Throws MEDIA_MALFORMED when a length points past the end.
 */
export function classifyAvcFrame(data: Uint8Array, lengthSizeBytes: number): FrameContent {
  let content: FrameContent = 'no-picture';
  for (let at = 0; at < data.length; ) {
    const end = nalUnitEnd(data, at, lengthSizeBytes);
    if (end > at + lengthSizeBytes) {
      const type = data[at + lengthSizeBytes]! & 0x1f;
      if (type === 5) content = 'sync';
      else if (content === 'no-picture' && (type === 1 || type === 2)) content = 'picture';
    }
    at = end;
  }
  return content;
}
