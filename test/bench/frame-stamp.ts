/**
 * A number in every video frame, which outlives any repackaging: an SEI message of type user_data_unregistered
 * (ISO/IEC 14496-10 §D.1.6) with our UUID and eight hexadecimal digits. There are no zero bytes in it, so no server and
 * no muxer has to escape it, and it can be found by looking for the UUID.
 */
const uuid = Buffer.from('8f3b1c5ad2e74e6a9b41c7f05e2d6a93', 'hex');
const digits = 8;
const payloadBytes = uuid.length + digits;
/** NAL header, payload type, payload size, payload, rbsp_trailing_bits. */
const nalBytes = 1 + 1 + 1 + payloadBytes + 1;
/** Legacy FLV video body: frame type and codec, packet type, composition time. */
const flvVideoHeaderBytes = 5;
const accessUnitDelimiter = 9;

/** The FLV body of an H.264 frame with 4-byte NAL lengths, stamped. Other bodies come back as they are. */
export function stampFrame(body: Uint8Array, number: number): Uint8Array {
  if (((body[0] ?? 0) & 0x0f) !== 7 || body[1] !== 1) return body;
  const source = Buffer.from(body.buffer, body.byteOffset, body.length);
  const startsWithDelimiter = ((source[flvVideoHeaderBytes + 4] ?? 0) & 0x1f) === accessUnitDelimiter;
  const at = flvVideoHeaderBytes + (startsWithDelimiter ? 4 + source.readUInt32BE(flvVideoHeaderBytes) : 0);
  const stamped = Buffer.allocUnsafe(source.length + 4 + nalBytes);
  let to = source.copy(stamped, 0, 0, at);
  to = stamped.writeUInt32BE(nalBytes, to);
  stamped.set([6, 5, payloadBytes], to);
  to += 3 + uuid.copy(stamped, to + 3);
  to += stamped.write(number.toString(16).padStart(digits, '0'), to, 'latin1');
  to = stamped.writeUInt8(0x80, to);
  source.copy(stamped, to, at);
  return stamped;
}

/** The numbers of all frames that lie whole in `bytes`, in order of appearance. */
export function findStamps(bytes: Uint8Array): number[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers: number[] = [];
  for (let at = haystack.indexOf(uuid); at >= 0; at = haystack.indexOf(uuid, at + payloadBytes)) {
    const from = at + uuid.length;
    if (from + digits > haystack.length) break;
    numbers.push(Number.parseInt(haystack.toString('latin1', from, from + digits), 16));
  }
  return numbers;
}

const tsPacketBytes = 188;

/** The payloads of an MPEG-TS segment, each elementary stream in one piece (ISO/IEC 13818-1 §2.4.3.2), in which stamps can be found. */
export function elementaryStreams(ts: Uint8Array): Uint8Array[] {
  const byPid = new Map<number, Uint8Array[]>();
  for (let at = 0; at + tsPacketBytes <= ts.length; at += tsPacketBytes) {
    const pid = ((ts[at + 1]! & 0x1f) << 8) | ts[at + 2]!;
    const control = (ts[at + 3]! >> 4) & 3;
    if ((control & 1) === 0) continue;
    const payloadAt = at + 4 + (control === 3 ? 1 + ts[at + 4]! : 0);
    const payloads = byPid.get(pid) ?? [];
    payloads.push(ts.subarray(payloadAt, at + tsPacketBytes));
    byPid.set(pid, payloads);
  }
  return [...byPid.values()].map((payloads) => Buffer.concat(payloads));
}
