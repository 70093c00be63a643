import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkReader, type ChunkReaderOptions } from '../../src/rtmp/chunk-reader.ts';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.ts';
import { writeControlValue } from '../../src/rtmp/control.ts';
import { messageType, type OutgoingMessage, type RtmpMessage } from '../../src/rtmp/message.ts';
import { MessageBuffers } from '../../src/rtmp/message-buffers.ts';

const megabyte = 1 << 20;

function newBuffers(): MessageBuffers {
  return new MessageBuffers({ limitBytes: 64 * megabyte, keepBytes: 16 * megabyte });
}

type Copied = Omit<RtmpMessage, 'payload'> & { readonly payload: Buffer };

function readAll(pieces: Iterable<Uint8Array>, options: Partial<ChunkReaderOptions> = {}): Copied[] {
  const messages: Copied[] = [];
  const reader = new ChunkReader(
    { buffers: newBuffers(), ...options },
    ({ typeId, streamId, timestampMs, payload }) => {
      messages.push({ typeId, streamId, timestampMs, payload: Buffer.from(payload) });
    },
  );
  for (const piece of pieces) reader.push(Uint8Array.from(piece));
  return messages;
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

/** Cuts bytes into reads of the given sizes, over and over. */
function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const chunkStreamIds = fc.oneof(fc.integer({ min: 3, max: 70 }), fc.constantFrom(3, 63, 64, 319, 320, 65_599));

const outgoing: fc.Arbitrary<OutgoingMessage> = fc.record({
  chunkStreamId: chunkStreamIds,
  typeId: fc.constantFrom(8, 9, 18, 20),
  streamId: fc.constantFrom(0, 1, 0xfffffffe),
  timestampMs: fc.oneof(
    fc.integer({ min: 0, max: 0xffffffff }),
    fc.constantFrom(0, 40, 80, 0xfffffe, 0xffffff, 0x1000000),
  ),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.nat(5000).map((size) => new Uint8Array(size).map((_, i) => (i * 7 + size) & 0xff)),
  ),
});

test('what the writer cuts into chunks the reader puts together again, however the network splits it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(outgoing, fc.option(fc.integer({ min: 1, max: 6000 }))), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
      (steps, readSizes) => {
        const writer = new ChunkWriter();
        const wire: Buffer[] = [];
        for (const [message, chunkSize] of steps) {
          if (chunkSize !== null) {
            wire.push(writer.write(writeControlValue(messageType.setChunkSize, chunkSize)));
            writer.chunkSizeBytes = chunkSize;
          }
          wire.push(writer.write(message));
        }
        const expected = steps.map(([{ chunkStreamId: _, payload, ...header }]) => ({
          ...header,
          payload: Buffer.from(payload),
        }));
        expect(readAll(cut(Buffer.concat(wire), readSizes))).toEqual(expected);
      },
    ),
    { numRuns: 300 },
  );
});

test('messages whose chunks are interleaved come out whole, in the order in which they end', () => {
  const wire = hex(`
    04 000064 000083 08 01000000 ${'aa'.repeat(128)}
    06 000065 000084 09 01000000 ${'bb'.repeat(128)}
    c6 ${'bb'.repeat(4)}
    c4 ${'aa'.repeat(3)}`);
  for (const sizes of [[1], [7], [wire.length]]) {
    expect(readAll(cut(wire, sizes))).toEqual([
      { typeId: 9, streamId: 1, timestampMs: 101, payload: Buffer.alloc(132, 0xbb) },
      { typeId: 8, streamId: 1, timestampMs: 100, payload: Buffer.alloc(131, 0xaa) },
    ]);
  }
});

test('a message came when its first bytes did, whatever of it comes later, and another one in between', () => {
  const writer = new ChunkWriter();
  const frame = { chunkStreamId: 6, typeId: 9, streamId: 1, timestampMs: 40, payload: new Uint8Array(300) };
  const sound = { chunkStreamId: 4, typeId: 8, streamId: 1, timestampMs: 40, payload: new Uint8Array(20) };
  const came: [typeId: number, arrivedAtMs: number | undefined][] = [];
  const reader = new ChunkReader({ buffers: newBuffers() }, ({ typeId, arrivedAtMs }) => {
    came.push([typeId, arrivedAtMs]);
  });
  const picture = Uint8Array.from(writer.write(frame));
  // One chunk of 128 bytes with its header; then the sound; then the rest.
  reader.push(picture.slice(0, 12 + 50), 1000);
  reader.push(picture.slice(12 + 50, 12 + 128), 1010);
  reader.push(Uint8Array.from(writer.write(sound)), 1020);
  reader.push(picture.slice(12 + 128), 1030);
  reader.push(Uint8Array.from(writer.write(frame)), 1040);
  expect(came).toEqual([
    [8, 1020],
    [9, 1000],
    [9, 1040],
  ]);
});
