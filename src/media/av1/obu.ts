import { StreamctlError } from '../../base/errors.ts';
import type { FrameContent } from '../frame-content.ts';

/** Types of open bitstream units (AV1 §6.2.2). */
export const obuTypes = { sequenceHeader: 1, temporalDelimiter: 2, frameHeader: 3, frame: 6 } as const;

/** One open bitstream unit: its content goes from offset `content` to `end`. */
export interface Obu {
  readonly type: number;
  readonly content: number;
  readonly end: number;
}

/** The unit that begins at `start` (AV1 §5.3). One without a size goes on to the end. Throws MEDIA_MALFORMED. */
export function readObu(data: Uint8Array, start: number): Obu {
  const header = data[start];
  if (header === undefined) throw malformed('a unit is cut off');
  if (header & 0x80) throw malformed('a unit header has the forbidden bit');
  let content = start + (header & 0x04 ? 2 : 1);
  let end = data.length;
  if (header & 0x02) {
    let size = 0;
    for (let i = 0; ; i++) {
      const byte = data[content++];
      if (byte === undefined || i === 8) throw malformed('a unit size is cut off');
      size += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) break;
    }
    end = content + size;
  }
  if (content > data.length || end > data.length) throw malformed('a unit is longer than the frame');
  return { type: (header >> 3) & 15, content, end };
}

/**
 * Looks into an AV1 temporal unit. Sync means a key frame that is shown (AV1 in ISOBMFF §2.5).
 * Throws MEDIA_MALFORMED.
 */
export function classifyAv1Frame(data: Uint8Array): FrameContent {
  let content: FrameContent = 'no-picture';
  for (let at = 0; at < data.length; ) {
    const obu = readObu(data, at);
    if (content === 'no-picture' && (obu.type === obuTypes.frame || obu.type === obuTypes.frameHeader)) {
      // show_existing_frame 0, frame_type 0 (key), show_frame 1: the first four bits (AV1 §5.9.2)
      content = obu.end > obu.content && data[obu.content]! >> 4 === 1 ? 'sync' : 'picture';
    }
    at = obu.end;
  }
  return content;
}

/** The temporal unit without delimiters, as files store it (AV1 in ISOBMFF §2.4). `data` itself when it has none. */
export function withoutDelimiters(data: Uint8Array): Uint8Array {
  let out: Uint8Array | undefined;
  let to = 0;
  for (let at = 0; at < data.length; ) {
    const obu = readObu(data, at);
    const isDelimiter = obu.type === obuTypes.temporalDelimiter;
    if (isDelimiter && out === undefined) {
      out = data.slice();
      to = at;
    }
    if (!isDelimiter && out !== undefined) {
      out.set(data.subarray(at, obu.end), to);
      to += obu.end - at;
    }
    at = obu.end;
  }
  return out === undefined ? data : out.subarray(0, to);
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'AV1 frame', why });
}
