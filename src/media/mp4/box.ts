import { ByteWriter } from '../../base/bytes.ts';

type Content = Uint8Array | readonly number[];

/** A box with this content (ISO/IEC 14496-12 §4.2). Not for the hot path: every level copies. */
export function box(type: string, ...contents: Content[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().u32(0).ascii(type);
  for (const content of contents) writer.bytes(Uint8Array.from(content));
  writer.patchU32(0, writer.length);
  return writer.toBytes();
}

export function fullBox(type: string, version: number, flags: number, ...contents: Content[]): Uint8Array<ArrayBuffer> {
  return box(type, new ByteWriter(4).u8(version).u24(flags).toBytes(), ...contents);
}
