import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';

test('a writer that must grow in the middle of any field writes it whole', () => {
  for (let before = 0; before < 16; before++) {
    const writer = new ByteWriter(16).zeros(before);
    writer.u8(1).u16(2).u24(3).u32(4).i32(-5).u32le(6).u64(7).f64(8.5);
    const reader = new ByteReader(writer.toBytes(), before);
    expect([reader.u8(), reader.u16(), reader.u24(), reader.u32(), reader.i32(), reader.u32le(), reader.u64()]).toEqual(
      [1, 2, 3, 4, -5, 6, 7],
    );
    expect(reader.f64()).toBe(8.5);
    expect(reader.remaining).toBe(0);
  }
});
