import type { Report } from './findings.ts';

const packetBytes = 188;

/** HLS-21: whole packets, PAT and PMT first, continuity counters in sequence within the segment. */
export function checkTransportSegment(bytes: Uint8Array, report: Report): void {
  if (bytes.length === 0 || bytes.length % packetBytes !== 0)
    report('HLS-21', `${bytes.length} bytes are no whole packets`);
  const counters = new Map<number, number>();
  let pmtPid: number | undefined;
  for (let at = 0; at + packetBytes <= bytes.length; at += packetBytes) {
    const packet = bytes.subarray(at, at + packetBytes);
    if (packet[0] !== 0x47) {
      report('HLS-21', `packet ${at / packetBytes} begins with ${packet[0]}`);
      return;
    }
    const pid = ((packet[1]! & 0x1f) << 8) | packet[2]!;
    const hasPayload = (packet[3]! & 0x10) !== 0;
    const counter = packet[3]! & 0x0f;
    if (at === 0 && pid !== 0) report('HLS-21', `begins with PID ${pid}, not the PAT`);
    if (pid === 0 && pmtPid === undefined) pmtPid = readPmtPid(packet);
    if (at === packetBytes && pid !== pmtPid) report('HLS-21', `second packet is PID ${pid}, not the PMT (${pmtPid})`);
    const last = counters.get(pid);
    if (hasPayload && last !== undefined && counter !== ((last + 1) & 0x0f)) {
      report('HLS-21', `PID ${pid}: continuity ${last} → ${counter}`);
    }
    if (hasPayload) counters.set(pid, counter);
  }
}

/** PID of the first program's map (ISO/IEC 13818-1 §2.4.4.3). */
function readPmtPid(packet: Uint8Array): number | undefined {
  const section = 5 + packet[4]!; // after the pointer field
  for (let at = section + 8; at + 4 <= packet.length; at += 4) {
    const program = (packet[at]! << 8) | packet[at + 1]!;
    if (program !== 0) return ((packet[at + 2]! & 0x1f) << 8) | packet[at + 3]!;
  }
  return undefined;
}
