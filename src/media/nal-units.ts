import { StreamctlError } from '../base/errors.ts';

/**
 * Where the NAL unit whose length field begins at `offset` ends. Iterate without allocation:
 * `for (let at = 0; at < data.length; at = end) { end = nalUnitEnd(data, at, 4); first byte at + 4 }`.
 * Throws MEDIA_MALFORMED when the length points past the data (ISO/IEC 14496-15 §5.3.4.2).
 */
export function nalUnitEnd(data: Uint8Array, offset: number, lengthSizeBytes: number): number {
  const start = offset + lengthSizeBytes;
  if (start > data.length) throw overrun('a NAL unit length is cut off');
  let length = 0;
  for (let i = offset; i < start; i++) length = length * 256 + data[i]!;
  const end = start + length;
  if (end > data.length)
    throw overrun(`a NAL unit of ${length} bytes is announced where ${data.length - start} are left`);
  return end;
}

function overrun(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'video frame', why });
}

/**
 * The frame with 4-byte lengths and without empty NAL units, which some decoders reject.
 * Returns `data` itself when it already is like that; else a copy. Throws MEDIA_MALFORMED.
 */
export function normaliseNalUnits(data: Uint8Array, lengthSizeBytes: number): Uint8Array {
  let sizeBytes = 0;
  let hasEmpty = false;
  for (let at = 0; at < data.length; ) {
    const end = nalUnitEnd(data, at, lengthSizeBytes);
    const length = end - at - lengthSizeBytes;
    if (length === 0) hasEmpty = true;
    else sizeBytes += 4 + length;
    at = end;
  }
  if (lengthSizeBytes === 4 && !hasEmpty) return data;
  const out = new Uint8Array(sizeBytes);
  const view = new DataView(out.buffer);
  let to = 0;
  for (let at = 0; at < data.length; ) {
    const end = nalUnitEnd(data, at, lengthSizeBytes);
    const start = at + lengthSizeBytes;
    if (end > start) {
      view.setUint32(to, end - start);
      out.set(data.subarray(start, end), to + 4);
      to += 4 + end - start;
    }
    at = end;
  }
  return out;
}

/** The payload of a NAL unit without its emulation prevention bytes: 00 00 03 becomes 00 00 (ISO/IEC 14496-10 §7.3.1). */
export function unescapeNalUnit(nal: Uint8Array): Uint8Array {
  const out = new Uint8Array(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}
