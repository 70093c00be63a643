import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import { StreamctlError } from '../../base/errors.ts';

export type FlvTagType = 'audio' | 'video' | 'script';

export interface FlvTag {
  readonly type: FlvTagType;
  /** As stored: 32 bits, which wrap after 49.7 days. */
  readonly timestampMs: number;
  readonly body: Uint8Array;
}

const typeIds: Record<FlvTagType, number> = { audio: 8, video: 9, script: 18 };
const typesById: Record<number, FlvTagType> = { 8: 'audio', 9: 'video', 18: 'script' };
const tagHeaderBytes = 11;
const previousTagSizeBytes = 4;
const fileHeaderBytes = 9;
const maxFileHeaderBytes = 4096;

/**
 * Reads an FLV file or stream piece by piece (FLV 10.1 §E.2 to §E.4.1): `push` what arrives, then `next` until undefined.
 * Tag bodies are views that nothing overwrites. Bytes held are bounded by one tag, which ends at 16 MiB.
 */
export class FlvReader {
  private pending = new Uint8Array(0);
  private headerIsRead = false;

  push(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.pending.length + bytes.length);
    joined.set(this.pending);
    joined.set(bytes, this.pending.length);
    this.pending = joined;
  }

  /** The next whole tag; undefined when more bytes are needed. Throws MEDIA_MALFORMED when this is not FLV. */
  next(): FlvTag | undefined {
    if (!this.headerIsRead && !this.readHeader()) return undefined;
    for (;;) {
      if (this.pending.length < tagHeaderBytes) return undefined;
      const reader = new ByteReader(this.pending);
      const typeId = reader.u8();
      const sizeBytes = reader.u24();
      if (this.pending.length < tagHeaderBytes + sizeBytes + previousTagSizeBytes) return undefined;
      const low = reader.u24();
      const timestampMs = reader.u8() * 0x1000000 + low;
      reader.skip(3); // stream id
      const body = reader.slice(sizeBytes);
      this.pending = this.pending.subarray(tagHeaderBytes + sizeBytes + previousTagSizeBytes);
      const type = typesById[typeId & 0x1f];
      const isEncrypted = (typeId & 0x20) !== 0;
      if (type !== undefined && !isEncrypted) return { type, timestampMs, body };
    }
  }

  private readHeader(): boolean {
    if (this.pending.length < fileHeaderBytes) return false;
    const reader = new ByteReader(this.pending);
    if (reader.u24() !== 0x464c56) throw malformed('it does not begin with "FLV"');
    reader.skip(2); // version, flags: which tracks come is seen when they come
    const headerBytes = reader.u32();
    if (headerBytes < fileHeaderBytes || headerBytes > maxFileHeaderBytes)
      throw malformed('its header has no sane length');
    if (this.pending.length < headerBytes + previousTagSizeBytes) return false;
    this.pending = this.pending.subarray(headerBytes + previousTagSizeBytes);
    this.headerIsRead = true;
    return true;
  }
}

/** The file header with the first, empty PreviousTagSize. */
export function writeFlvHeader(tracks: {
  readonly hasAudio: boolean;
  readonly hasVideo: boolean;
}): Uint8Array<ArrayBuffer> {
  const flags = (tracks.hasAudio ? 4 : 0) | (tracks.hasVideo ? 1 : 0);
  return new ByteWriter(13).ascii('FLV').u8(1).u8(flags).u32(fileHeaderBytes).u32(0).toBytes();
}

/** One tag with its PreviousTagSize. The body must be shorter than 16 MiB. */
export function writeFlvTag(tag: FlvTag): Uint8Array<ArrayBuffer> {
  const sizeBytes = tag.body.length;
  return new ByteWriter(tagHeaderBytes + sizeBytes + previousTagSizeBytes)
    .u8(typeIds[tag.type])
    .u24(sizeBytes)
    .u24(tag.timestampMs & 0xffffff)
    .u8(tag.timestampMs >>> 24)
    .u24(0)
    .bytes(tag.body)
    .u32(tagHeaderBytes + sizeBytes)
    .toBytes();
}

function malformed(why: string): StreamctlError {
  return new StreamctlError('MEDIA_MALFORMED', { what: 'FLV file', why });
}
