import { ByteWriter } from '../../base/bytes.ts';
import type { TrackConfig } from '../track.ts';
import { audioPid, pmtPid, videoPid } from './packet.ts';

const streamTypes = { avc: 0x1b, hevc: 0x24, aac: 0x0f } as const;

/** Program association section (ISO/IEC 13818-1 §2.4.4.3): program 1. */
export function writePat(): Uint8Array {
  return section(
    0x00,
    new ByteWriter()
      .u16(1)
      .u16(0xe000 | pmtPid)
      .toBytes(),
  );
}

/** Program map section (§2.4.4.8). The clock is in the video, or in the sound where there is no video. */
export function writePmt(tracks: readonly TrackConfig[]): Uint8Array {
  const hasVideo = tracks.some((track) => track.kind === 'video');
  const writer = new ByteWriter().u16(0xe000 | (hasVideo ? videoPid : audioPid)).u16(0xf000);
  for (const track of tracks) {
    writer.u8(streamTypes[track.codec as keyof typeof streamTypes]);
    writer.u16(0xe000 | (track.kind === 'video' ? videoPid : audioPid));
    // Players of the time before type 0x24 was common know HEVC by its registration descriptor.
    const descriptors = track.codec === 'hevc' ? [0x05, 4, 0x48, 0x45, 0x56, 0x43] : [];
    writer.u16(0xf000 | descriptors.length).bytes(Uint8Array.from(descriptors));
  }
  return section(0x02, writer.toBytes());
}

/** A whole section of table `tableId` with id 1, version 0, and its checksum. */
function section(tableId: number, content: Uint8Array): Uint8Array {
  const writer = new ByteWriter().u8(tableId).u16(0xb000 | (content.length + 9));
  writer.u16(1).u8(0xc1).u8(0).u8(0).bytes(content);
  return writer.u32(crc32(writer.toBytes())).toBytes();
}

/** CRC of ISO/IEC 13818-1 annex A: polynomial 0x04c11db7, not reflected. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let i = 0; i < 8; i++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
