import { describe, expect, test } from 'vitest';
import { ChunkReader } from '../../src/rtmp/chunk-reader.ts';
import { ChunkWriter } from '../../src/rtmp/chunk-writer.ts';
import type { OutgoingMessage, RtmpMessage } from '../../src/rtmp/message.ts';
import { MessageBuffers } from '../../src/rtmp/message-buffers.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

type Heard = Omit<RtmpMessage, 'payload'> & { readonly payload: Buffer };

/** Reads the wire once in one piece and once byte by byte, which must give the same. */
function read(wire: Buffer): Heard[] {
  const results = [wire.length, 1].map((pieceBytes) => {
    const heard: Heard[] = [];
    const reader = new ChunkReader(
      { buffers: new MessageBuffers({ limitBytes: 1 << 20, keepBytes: 0 }) },
      ({ typeId, streamId, timestampMs, payload }) => {
        heard.push({ typeId, streamId, timestampMs, payload: Buffer.from(payload) });
      },
    );
    for (let at = 0; at < wire.length; at += pieceBytes)
      reader.push(Uint8Array.from(wire.subarray(at, at + pieceBytes)));
    return heard;
  });
  expect(results[1]).toEqual(results[0]);
  return results[0]!;
}

function message(chunkStreamId: number, timestampMs: number, typeId: number, streamId: number, payload: Buffer) {
  return { chunkStreamId, timestampMs, typeId, streamId, payload } satisfies OutgoingMessage;
}

/** Both directions: these bytes are these messages. */
const vectors: { name: string; bytes: string; messages: OutgoingMessage[] }[] = [
  {
    name: 'the example of four audio messages (spec §5.3.2.1)',
    bytes: `03 0003e8 000020 08 39300000 ${'a1'.repeat(32)}
            83 000014 ${'a2'.repeat(32)}
            c3 ${'a3'.repeat(32)}
            c3 ${'a4'.repeat(32)}`,
    messages: [1000, 1020, 1040, 1060].map((t, i) => message(3, t, 8, 12345, Buffer.alloc(32, 0xa1 + i))),
  },
  {
    name: 'the example of a message longer than a chunk (spec §5.3.2.2)',
    bytes: `04 0003e8 000133 09 3a300000 ${'5a'.repeat(128)} c4 ${'5a'.repeat(128)} c4 ${'5a'.repeat(51)}`,
    messages: [message(4, 1000, 9, 12346, Buffer.alloc(307, 0x5a))],
  },
  {
    name: 'the window of a server, on chunk stream 2',
    bytes: '02 000000 000004 05 00000000 002625a0',
    messages: [message(2, 0, 5, 0, hex('002625a0'))],
  },
  ...[
    { id: 63, header: '3f' },
    { id: 64, header: '0000' },
    { id: 319, header: '00ff' },
    { id: 320, header: '010001' },
    { id: 65_599, header: '01ffff' },
  ].map(({ id, header }) => ({
    name: `chunk stream ${id}`,
    bytes: `${header} 00002a 000001 09 01000000 ff`,
    messages: [message(id, 42, 9, 1, hex('ff'))],
  })),
  {
    name: 'a continuation on a chunk stream of two bytes',
    bytes: `0000 000000 000081 09 01000000 ${'11'.repeat(128)} c000 11`,
    messages: [message(64, 0, 9, 1, Buffer.alloc(129, 0x11))],
  },
  {
    name: 'the last timestamp without an extension',
    bytes: '04 fffffe 000001 08 01000000 aa',
    messages: [message(4, 0xfffffe, 8, 1, hex('aa'))],
  },
  {
    name: 'an extended timestamp, repeated in every chunk (4 h 39 m 37 s)',
    bytes: `04 ffffff 000081 09 01000000 00ffffff ${'bb'.repeat(128)} c4 00ffffff bb`,
    messages: [message(4, 0xffffff, 9, 1, Buffer.alloc(129, 0xbb))],
  },
  {
    name: 'an extended delta (type 1)',
    bytes: '04 000001 000001 08 01000000 aa  44 ffffff 000002 08 01000000 bbbb',
    messages: [message(4, 1, 8, 1, hex('aa')), message(4, 0x1000001, 8, 1, hex('bbbb'))],
  },
  {
    name: 'a message without payload',
    bytes: '04 000005 000000 09 01000000',
    messages: [message(4, 5, 9, 1, hex(''))],
  },
];
describe('chunks, both directions', () => {
  for (const { name, bytes, messages } of vectors) {
    test(`reads ${name}`, () =>
      expect(read(hex(bytes))).toEqual(messages.map(({ chunkStreamId: _, ...rest }) => rest)));
    test(`writes ${name}`, () => {
      const writer = new ChunkWriter();
      expect(Buffer.concat(messages.map((one) => writer.write(one)))).toEqual(hex(bytes));
    });
  }
});

describe('chunks that others write', () => {
  const times = (wire: string): number[] => read(hex(wire)).map(({ timestampMs }) => timestampMs);

  test('an extended timestamp left out of the continuation is recognised (librtmp, OBS before 2024)', () => {
    const payload = Buffer.alloc(300, 0xcc);
    const wire = hex(
      `04 ffffff 00012c 09 01000000 01000000 ${'cc'.repeat(128)} c4 ${'cc'.repeat(128)} c4 ${'cc'.repeat(44)}`,
    );
    expect(read(wire)).toEqual([{ typeId: 9, streamId: 1, timestampMs: 0x1000000, payload }]);
  });

  test('what is left of a message without its extended timestamp may be shorter than the timestamp', () => {
    const head = `04 ffffff 000082 09 01000000 01000000 ${'cc'.repeat(128)} c4 cccc`;
    const next = '06 000000 000001 08 01000000 dd';
    const heard = read(hex(head + next));
    expect(heard.map(({ payload }) => payload.length)).toEqual([130, 1]);
  });

  test('the absolute time in a continuation after an extended delta is taken for the timestamp it is', () => {
    const wire = hex(`04 000010 000001 09 01000000 aa
      44 ffffff 000081 09 01000000 ${'bb'.repeat(128)} c4 01000010 bb`);
    expect(read(wire)[1]).toMatchObject({ timestampMs: 0x1000010, payload: Buffer.alloc(129, 0xbb) });
  });

  test('a type 3 header after a type 0 message repeats its timestamp as a delta (spec §5.3.1.2.4)', () => {
    expect(times('04 000014 000001 08 01000000 aa c4 bb c4 cc')).toEqual([20, 40, 60]);
  });

  test('timestamps wrap at 2^32', () => {
    expect(times('04 ffffff 000001 08 01000000 fffffff0 aa  84 000020 bb')).toEqual([0xfffffff0, 0x10]);
  });

  test('a type 1 header on a new chunk stream is tolerated (librtmp)', () => {
    expect(read(hex('44 000010 000001 08 aa'))).toEqual([
      { typeId: 8, streamId: 0, timestampMs: 16, payload: hex('aa') },
    ]);
  });

  test('a new header in the middle of a message begins a new one', () => {
    const wire = hex(`04 000000 000100 09 01000000 ${'aa'.repeat(128)} 04 000001 000001 08 01000000 bb`);
    expect(read(wire)).toEqual([{ typeId: 8, streamId: 1, timestampMs: 1, payload: hex('bb') }]);
  });

  test('Abort throws away what has come of a message', () => {
    const wire = hex(`04 000000 000081 09 01000000 ${'aa'.repeat(128)}
      02 000000 000004 02 00000000 00000004
      c4 ${'bb'.repeat(128)} c4 bb`);
    expect(read(wire)).toEqual([{ typeId: 9, streamId: 1, timestampMs: 0, payload: Buffer.alloc(129, 0xbb) }]);
  });

  test('Set Chunk Size holds for messages already begun, from their next chunk on', () => {
    const wire = hex(`04 000000 000110 09 01000000 ${'aa'.repeat(128)}
      02 000000 000004 01 00000000 00000100
      c4 ${'aa'.repeat(144)}`);
    expect(read(wire)[0]?.payload).toEqual(Buffer.alloc(272, 0xaa));
  });

  test('a chunk size beyond any message is clamped', () => {
    const wire = hex(`02 000000 000004 01 00000000 7fffffff 04 000000 000200 09 01000000 ${'aa'.repeat(512)}`);
    expect(read(wire)[0]?.payload).toEqual(Buffer.alloc(512, 0xaa));
    const reader = new ChunkReader({ buffers: new MessageBuffers({ limitBytes: 1 << 20, keepBytes: 0 }) }, () => {});
    reader.push(Uint8Array.from(wire));
    expect(reader.chunkSizeBytes).toBe(16_777_215);
  });

  test('nothing more is read once the reader is disposed of', () => {
    let heard = 0;
    const reader = new ChunkReader({ buffers: new MessageBuffers({ limitBytes: 1 << 20, keepBytes: 0 }) }, () => {
      heard++;
      reader.dispose();
    });
    reader.push(hex('04 000000 000001 08 01000000 aa c4 bb c4 cc'));
    expect(heard).toBe(1);
  });

  const broken: [string, string][] = [
    ['a chunk size of nothing', '02 000000 000004 01 00000000 00000000'],
    ['a type 3 header on a new chunk stream', 'c4'],
    ['a type 2 header on a new chunk stream', '84 000000'],
    [
      'a 65th chunk stream',
      Array.from({ length: 65 }, (_, i) => `00${(i + 16).toString(16)} 000000 000000 09 01000000`).join(''),
    ],
  ];
  for (const [name, wire] of broken) {
    test(`${name} ends the connection`, () => expect(() => read(hex(wire))).toThrow(/chunk stream is broken/));
  }
});

describe('memory of unfinished messages', () => {
  const buffersOf = (limitBytes: number) => new MessageBuffers({ limitBytes, keepBytes: limitBytes });
  const begin = (id: number, announcedBytes: number, bytes: number): Buffer => {
    const header = hex(`${id.toString(16).padStart(2, '0')} 000000 000000 09 01000000`);
    header.writeUIntBE(announcedBytes, 4, 3);
    return Buffer.concat([header, Buffer.alloc(bytes)]);
  };

  test('follows what has arrived, not what was announced', () => {
    const buffers = buffersOf(64 << 20);
    const reader = new ChunkReader({ buffers }, () => {});
    for (let id = 4; id < 64; id++) reader.push(begin(id, 4 << 20, 128));
    expect(buffers.lentBytes).toBe(60 * 4096);
  });

  test('is bounded for a connection, and for all together', () => {
    const one = new ChunkReader({ buffers: buffersOf(64 << 20), maxHeldBytes: 16_384 }, () => {});
    expect(() => {
      for (let id = 4; id < 64; id++) one.push(begin(id, 4 << 20, 128));
    }).toThrow(/more than 16384 bytes/);
    const shared = buffersOf(16_384);
    expect(() => {
      for (let i = 0; i < 5; i++) new ChunkReader({ buffers: shared }, () => {}).push(begin(4, 4 << 20, 128));
    }).toThrow(/more than 16384 bytes/);
  });

  test('is given back when the message ends, is abandoned, or the connection closes', () => {
    const buffers = buffersOf(64 << 20);
    const reader = new ChunkReader({ buffers }, () => {});
    reader.push(begin(4, 130, 128));
    reader.push(hex('c4 0000'));
    expect(buffers.lentBytes).toBe(0);
    reader.push(begin(4, 1000, 128));
    reader.push(begin(4, 1000, 128));
    expect(buffers.lentBytes).toBe(4096);
    reader.dispose();
    expect(buffers.lentBytes).toBe(0);
  });

  test('is given back when whoever gets the message throws', () => {
    const buffers = buffersOf(64 << 20);
    const reader = new ChunkReader({ buffers }, () => {
      throw new Error('no');
    });
    reader.push(begin(4, 130, 128));
    expect(() => reader.push(hex('c4 0000'))).toThrow('no');
    expect(buffers.lentBytes).toBe(0);
  });

  test('a message beyond the limit is refused before memory is taken', () => {
    const buffers = buffersOf(64 << 20);
    const reader = new ChunkReader({ buffers, maxMessageBytes: 1000 }, () => {});
    expect(() => reader.push(begin(4, 1001, 128))).toThrow(/1001 bytes was announced; 1000 are the limit/);
    expect(buffers.peakLentBytes).toBe(0);
  });
});
