import { StreamctlError } from './errors.ts';

/**
 * Reads big-endian integers from a byte range, front to back.
 * Throws BYTES_SHORT when fewer bytes are left than asked for: a reader never returns what was not sent.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  offset: number;
  readonly end: number;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  private take(sizeBytes: number): number {
    const at = this.offset;
    if (sizeBytes < 0 || at + sizeBytes > this.end) {
      throw new StreamctlError('BYTES_SHORT', { neededBytes: sizeBytes, remainingBytes: this.remaining });
    }
    this.offset = at + sizeBytes;
    return at;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u16(): number {
    return this.view.getUint16(this.take(2));
  }

  u24(): number {
    const at = this.take(3);
    return (this.view.getUint16(at) << 8) | this.view.getUint8(at + 2);
  }

  u32(): number {
    return this.view.getUint32(this.take(4));
  }

  i32(): number {
    return this.view.getInt32(this.take(4));
  }

  u32le(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** A 64-bit unsigned integer as a number; exact up to 2^53. */
  u64(): number {
    return Number(this.view.getBigUint64(this.take(8)));
  }

  f64(): number {
    return this.view.getFloat64(this.take(8));
  }

  /** A view of the next bytes, not a copy. */
  slice(sizeBytes: number): Uint8Array {
    const at = this.take(sizeBytes);
    return this.bytes.subarray(at, at + sizeBytes);
  }

  skip(sizeBytes: number): void {
    this.take(sizeBytes);
  }
}

/** Writes big-endian integers into a buffer that grows as needed. */
export class ByteWriter {
  private buffer: Uint8Array;
  private view: DataView;
  length = 0;

  constructor(capacityBytes = 256) {
    this.buffer = new Uint8Array(capacityBytes);
    this.view = new DataView(this.buffer.buffer);
  }

  private reserve(sizeBytes: number): number {
    const at = this.length;
    const needed = at + sizeBytes;
    if (needed > this.buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, at));
      this.buffer = grown;
      this.view = new DataView(grown.buffer);
    }
    this.length = needed;
    return at;
  }

  u8(value: number): this {
    const at = this.reserve(1);
    this.view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.reserve(2);
    this.view.setUint16(at, value);
    return this;
  }

  u24(value: number): this {
    const at = this.reserve(3);
    this.view.setUint8(at, value >>> 16);
    this.view.setUint16(at + 1, value & 0xffff);
    return this;
  }

  u32(value: number): this {
    const at = this.reserve(4);
    this.view.setUint32(at, value);
    return this;
  }

  i32(value: number): this {
    const at = this.reserve(4);
    this.view.setInt32(at, value);
    return this;
  }

  u32le(value: number): this {
    const at = this.reserve(4);
    this.view.setUint32(at, value, true);
    return this;
  }

  u64(value: number): this {
    const at = this.reserve(8);
    this.view.setBigUint64(at, BigInt(value));
    return this;
  }

  f64(value: number): this {
    const at = this.reserve(8);
    this.view.setFloat64(at, value);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.reserve(value.length);
    this.buffer.set(value, at);
    return this;
  }

  ascii(value: string): this {
    const at = this.reserve(value.length);
    for (let i = 0; i < value.length; i++) this.buffer[at + i] = value.charCodeAt(i);
    return this;
  }

  zeros(count: number): this {
    const at = this.reserve(count);
    this.buffer.fill(0, at, at + count);
    return this;
  }

  /** Overwrites four bytes already written, for a length known only afterwards. */
  patchU32(offset: number, value: number): void {
    this.view.setUint32(offset, value);
  }

  /** What was written, as a copy of exactly its size. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length) as Uint8Array<ArrayBuffer>;
  }
}
