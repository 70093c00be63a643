export const packetSizeBytes = 188;
export const pmtPid = 0x1000;
export const videoPid = 0x100;
export const audioPid = 0x101;

const headerBytes = 4;
const payloadBytes = packetSizeBytes - headerBytes;
const pcrFieldBytes = 8;
const flagsFieldBytes = 2;
const randomAccessFlag = 0x40;
const pcrFlag = 0x10;

/** The continuity counters of a segment's packets: every PID begins with 0, as if 15 had been before. */
export class ContinuityCounters {
  private readonly last = new Map<number, number>();

  /** For a packet with payload. */
  next(pid: number): number {
    const counter = (this.current(pid) + 1) & 15;
    this.last.set(pid, counter);
    return counter;
  }

  /** For a packet without payload, which repeats the counter before it (ISO/IEC 13818-1 §2.4.3.3). */
  current(pid: number): number {
    return this.last.get(pid) ?? 15;
  }
}

/** What the adaptation field of the first packet of a PES packet says. */
export interface PesStart {
  readonly pid: number;
  readonly isRandomAccess: boolean;
  /** Program clock, in 90 kHz ticks modulo 2^33. */
  readonly pcr90k?: number;
}

/** How many transport packets a PES packet of this size needs. */
export function packetCount(start: PesStart, sizeBytes: number): number {
  const first = payloadBytes - adaptationFieldBytes(start);
  return sizeBytes <= first ? 1 : 1 + Math.ceil((sizeBytes - first) / payloadBytes);
}

function adaptationFieldBytes(start: PesStart): number {
  if (start.pcr90k !== undefined) return pcrFieldBytes;
  return start.isRandomAccess ? flagsFieldBytes : 0;
}

/**
 * Writes a PES packet as exactly `count` transport packets (at least `packetCount`, at most one a byte) and returns where
 * they end. The last ones are stuffed where more are asked for than needed.
 */
export function writePesPackets(
  out: Uint8Array,
  offset: number,
  start: PesStart,
  pes: Uint8Array,
  count: number,
  counters: ContinuityCounters,
): number {
  let at = offset;
  let read = 0;
  for (let packetsLeft = count; packetsLeft > 0; packetsLeft--) {
    const isFirst = read === 0;
    const fieldBytes = isFirst ? adaptationFieldBytes(start) : 0;
    const chunkBytes = Math.min(payloadBytes - fieldBytes, pes.length - read - (packetsLeft - 1));
    const adaptationBytes = payloadBytes - chunkBytes;
    writeHeader(out, at, start.pid, isFirst, adaptationBytes > 0 ? 0x30 : 0x10, counters.next(start.pid));
    if (adaptationBytes > 0) writeAdaptationField(out, at + headerBytes, adaptationBytes, isFirst ? start : undefined);
    out.set(pes.subarray(read, read + chunkBytes), at + headerBytes + adaptationBytes);
    read += chunkBytes;
    at += packetSizeBytes;
  }
  return at;
}

/** A packet that carries nothing but the program clock; returns where it ends. */
export function writePcrPacket(out: Uint8Array, at: number, start: PesStart, counters: ContinuityCounters): number {
  writeHeader(out, at, start.pid, false, 0x20, counters.current(start.pid));
  writeAdaptationField(out, at + headerBytes, payloadBytes, start);
  return at + packetSizeBytes;
}

/** A packet with one program specific information section; returns where it ends. */
export function writeSectionPacket(
  out: Uint8Array,
  at: number,
  pid: number,
  section: Uint8Array,
  counters: ContinuityCounters,
): number {
  writeHeader(out, at, pid, true, 0x10, counters.next(pid));
  out[at + headerBytes] = 0; // pointer_field
  out.set(section, at + headerBytes + 1);
  out.fill(0xff, at + headerBytes + 1 + section.length, at + packetSizeBytes);
  return at + packetSizeBytes;
}

/** Transport packet header (§2.4.3.2). `control` is adaptation_field_control in place. */
function writeHeader(out: Uint8Array, at: number, pid: number, isUnitStart: boolean, control: number, counter: number) {
  out[at] = 0x47;
  out[at + 1] = (isUnitStart ? 0x40 : 0) | (pid >> 8);
  out[at + 2] = pid & 0xff;
  out[at + 3] = control | counter;
}

/** Adaptation field of `sizeBytes` in all (§2.4.3.4), stuffed; `start` only where it has something to say. */
function writeAdaptationField(out: Uint8Array, at: number, sizeBytes: number, start: PesStart | undefined): void {
  out[at] = sizeBytes - 1;
  if (sizeBytes === 1) return;
  out[at + 1] = (start?.isRandomAccess ? randomAccessFlag : 0) | (start?.pcr90k === undefined ? 0 : pcrFlag);
  let end = at + flagsFieldBytes;
  if (start?.pcr90k !== undefined) {
    const base = start.pcr90k;
    const high = Math.floor(base / 2);
    out[end] = high >>> 24;
    out[end + 1] = high >>> 16;
    out[end + 2] = high >>> 8;
    out[end + 3] = high;
    out[end + 4] = ((base % 2) << 7) | 0x7e; // reserved bits, extension 0
    out[end + 5] = 0;
    end = at + pcrFieldBytes;
  }
  out.fill(0xff, end, at + sizeBytes);
}
