import { expect, test } from 'vitest';
import { SlabPool } from '../../src/stream/slab-pool.ts';
import { SlabTable } from '../../src/stream/slab-table.ts';

const mebibyte = 1 << 20;

/** A pool with one reader that knows its slabs by the same memory, and a log of what was said. */
function rig() {
  const said: string[] = [];
  const table = new SlabTable((id) => {
    said.push(`unused ${id}`);
    pool.slabFreed(id);
  });
  const pool: SlabPool = new SlabPool({
    slabOpened: (id, buffer) => {
      said.push(`opened ${id}`);
      table.slabOpened(id, buffer);
    },
    slabSealed: (id) => {
      said.push(`sealed ${id}`);
      table.slabSealed(id);
    },
  });
  return { said, table, pool };
}

test('parts of a stream lie one behind the other, and a slab that nothing reads any more is used again', () => {
  const { said, table, pool } = rig();
  const memory = pool.allocator();
  const parts = Array.from({ length: 5 }, () => {
    const bytes = memory.allocate(300_000);
    table.retain(bytes);
    memory.done(bytes);
    return bytes;
  });
  expect(parts.slice(0, 3).map(({ byteOffset }) => byteOffset)).toEqual([0, 300_000, 600_000]);
  expect(parts.slice(3).map(({ byteOffset }) => byteOffset)).toEqual([0, 300_000]);
  expect(said).toEqual(['opened 1', 'sealed 1', 'opened 2']);
  for (const bytes of parts.slice(0, 3)) table.release(bytes);
  expect(said.at(-1)).toBe('unused 1');
  for (let count = 0; count < 2; count++) memory.done(memory.allocate(400_000));
  expect(said.at(-1)).toBe('opened 1');
  expect(pool.sizeBytes).toBe(2 * mebibyte);
});

test('a slab is not given back while a part in it is held back by its maker', () => {
  const { said, pool } = rig();
  const memory = pool.allocator();
  const held = memory.allocate(900_000);
  memory.done(memory.allocate(900_000));
  expect(said).not.toContain('sealed 1');
  memory.done(held);
  expect(said).toContain('sealed 1');
});

test('a part larger than a slab gets memory of its own, which is not kept', () => {
  const { said, table, pool } = rig();
  const memory = pool.allocator();
  const bytes = memory.allocate(2_500_000);
  expect(bytes.length).toBe(2_500_000);
  table.retain(bytes);
  memory.done(bytes);
  memory.close();
  table.release(bytes);
  expect(said).toEqual(['opened 1', 'sealed 1', 'unused 1']);
  expect(pool.sizeBytes).toBe(0);
});

test('memory of streams that have ended is kept for the next ones, and given up when for a while nobody needed it', () => {
  const { table, pool } = rig();
  const streams = (count: number) => {
    const parts: Uint8Array[] = [];
    for (let stream = 0; stream < count; stream++) {
      const memory = pool.allocator();
      const bytes = memory.allocate(1000);
      table.retain(bytes);
      parts.push(bytes);
      memory.done(bytes);
      memory.close();
    }
    for (const bytes of parts) table.release(bytes);
  };
  streams(100);
  expect(pool.sizeBytes).toBe(100 * mebibyte);
  expect(pool.trim()).toBe(0);
  streams(60);
  expect(pool.trim()).toBe(40 * mebibyte);
  expect(pool.sizeBytes).toBe(60 * mebibyte);
  expect(pool.trim()).toBe(44 * mebibyte);
  expect(pool.trim()).toBe(0);
  expect(pool.sizeBytes).toBe(16 * mebibyte);
});

test('a range names the very bytes for every reader', () => {
  const { table, pool } = rig();
  const bytes = pool.allocator().allocate(10);
  bytes.set([1, 2, 3]);
  expect(pool.rangeOf(bytes)).toEqual(table.rangeOf(bytes));
  expect(table.bytesOf(pool.rangeOf(bytes))).toEqual(bytes);
  expect(() => table.bytesOf({ slab: 99, offset: 0, length: 1 })).toThrow('slab 99 is not open');
  expect(() => table.rangeOf(new Uint8Array(3))).toThrow('no open slab');
});
