/** Looks through MPEG-TS bytes packet by packet, independently of our writer, and says what it found (ISO/IEC 13818-1). */
export interface TsPes {
  readonly pid: number;
  readonly pts90k: number;
  readonly dts90k: number;
  readonly isRandomAccess: boolean;
  /** The content behind the PES header. */
  readonly content: Uint8Array;
}

export interface TsWalk {
  /** Breaches of the continuity counter rules, of sync bytes, checksums and lengths; empty for a sound stream. */
  readonly faults: string[];
  /** PIDs in the order of the first packets. */
  readonly pids: number[];
  /** Stream type by PID, of the last PMT. */
  readonly streamTypes: Map<number, number>;
  readonly pcrPid: number;
  /** 90 kHz, with the index of the packet each is in. */
  readonly pcrs: { readonly pcr90k: number; readonly packetIndex: number }[];
  /** Index of the packets a PAT begins in. */
  readonly patIndexes: number[];
  readonly pes: TsPes[];
}

interface OpenPes {
  isRandomAccess: boolean;
  chunks: Uint8Array[];
}

const packetSizeBytes = 188;

export function walkTs(bytes: Uint8Array): TsWalk {
  const faults: string[] = [];
  const pids: number[] = [];
  const counters = new Map<number, number>();
  const open = new Map<number, OpenPes>();
  const streamTypes = new Map<number, number>();
  const pcrs: { pcr90k: number; packetIndex: number }[] = [];
  const patIndexes: number[] = [];
  const pes: TsPes[] = [];
  let pmtPid = -1;
  let pcrPid = -1;
  if (bytes.length % packetSizeBytes !== 0) faults.push('the end is not the end of a packet');
  for (let index = 0; (index + 1) * packetSizeBytes <= bytes.length; index++) {
    const packet = bytes.subarray(index * packetSizeBytes, (index + 1) * packetSizeBytes);
    if (packet[0] !== 0x47) faults.push(`packet ${index}: no sync byte`);
    const isUnitStart = (packet[1]! & 0x40) !== 0;
    const pid = ((packet[1]! & 0x1f) << 8) | packet[2]!;
    if (!pids.includes(pid)) pids.push(pid);
    const hasField = (packet[3]! & 0x20) !== 0;
    const hasPayload = (packet[3]! & 0x10) !== 0;
    const counter = packet[3]! & 15;
    const before = counters.get(pid);
    if (before !== undefined && counter !== (hasPayload ? (before + 1) & 15 : before)) {
      faults.push(`packet ${index}: PID ${pid} counter ${counter} after ${before}`);
    }
    counters.set(pid, counter);
    const fieldBytes = hasField ? 1 + packet[4]! : 0;
    if (4 + fieldBytes > packetSizeBytes || (hasPayload && 4 + fieldBytes === packetSizeBytes)) {
      faults.push(`packet ${index}: adaptation field of ${fieldBytes} bytes`);
      continue;
    }
    const flags = fieldBytes > 1 ? packet[5]! : 0;
    if (flags & 0x10) {
      const high = ((packet[6]! << 24) | (packet[7]! << 16) | (packet[8]! << 8) | packet[9]!) >>> 0;
      pcrs.push({ pcr90k: high * 2 + (packet[10]! >> 7), packetIndex: index });
      if (pcrPid >= 0 && pid !== pcrPid) faults.push(`packet ${index}: a clock on PID ${pid}`);
    }
    if (!hasPayload) continue;
    const payload = packet.subarray(4 + fieldBytes);
    if (pid === 0 || pid === pmtPid) {
      const section = payload.subarray(1 + payload[0]!);
      const length = ((section[1]! & 0x0f) << 8) | section[2]!;
      if (sectionCrc(section.subarray(0, 3 + length)) !== 0) faults.push(`packet ${index}: section checksum`);
      if (pid === 0) {
        patIndexes.push(index);
        pmtPid = ((section[10]! & 0x1f) << 8) | section[11]!;
      } else {
        pcrPid = ((section[8]! & 0x1f) << 8) | section[9]!;
        streamTypes.clear();
        let at = 12 + (((section[10]! & 0x0f) << 8) | section[11]!);
        while (at + 5 <= 3 + length - 4) {
          streamTypes.set(((section[at + 1]! & 0x1f) << 8) | section[at + 2]!, section[at]!);
          at += 5 + (((section[at + 3]! & 0x0f) << 8) | section[at + 4]!);
        }
      }
      continue;
    }
    if (isUnitStart) {
      closePes(pid, open.get(pid), pes, faults);
      open.set(pid, { isRandomAccess: (flags & 0x40) !== 0, chunks: [payload] });
    } else {
      const current = open.get(pid);
      if (current === undefined) faults.push(`packet ${index}: PID ${pid} goes on with what did not begin`);
      else current.chunks.push(payload);
    }
  }
  for (const [pid, last] of open) closePes(pid, last, pes, faults);
  return { faults, pids, streamTypes, pcrPid, pcrs, patIndexes, pes };
}

function closePes(pid: number, open: OpenPes | undefined, pes: TsPes[], faults: string[]): void {
  if (open === undefined) return;
  const bytes = Uint8Array.from(Buffer.concat(open.chunks));
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) faults.push(`PID ${pid}: no PES start code`);
  const announced = (bytes[4]! << 8) | bytes[5]!;
  if (announced !== 0 && announced + 6 !== bytes.length)
    faults.push(`PID ${pid}: PES of ${bytes.length} bytes, not ${announced + 6}`);
  const pts90k = timestamp(bytes, 9);
  const dts90k = bytes[7]! & 0x40 ? timestamp(bytes, 14) : pts90k;
  pes.push({ pid, pts90k, dts90k, isRandomAccess: open.isRandomAccess, content: bytes.subarray(9 + bytes[8]!) });
}

function timestamp(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! >> 1) & 7;
  const middle = ((bytes[at + 1]! << 8) | bytes[at + 2]!) >> 1;
  const low = ((bytes[at + 3]! << 8) | bytes[at + 4]!) >> 1;
  return high * 2 ** 30 + middle * 2 ** 15 + low;
}

/** Zero over a section with its own checksum. */
function sectionCrc(section: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of section) {
    for (let bit = 7; bit >= 0; bit--) {
      const mix = ((crc >>> 31) ^ (byte >> bit)) & 1;
      crc = (crc << 1) ^ (mix ? 0x04c11db7 : 0);
    }
  }
  return crc >>> 0;
}
