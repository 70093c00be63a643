import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isStreamctlError } from '../../src/base/errors.ts';
import { readAacConfig } from '../../src/media/aac/config.ts';
import { readAv1Config } from '../../src/media/av1/record.ts';
import { readAvcConfig, readAvcRecord, writeAvcRecord } from '../../src/media/avc/record.ts';
import { FlvReader, writeFlvHeader, writeFlvTag } from '../../src/media/flv/file.ts';
import { parseAudioTagBody, parseVideoTagBody } from '../../src/media/flv/tag.ts';
import { writeAudioConfigBody, writeVideoConfigBody, writeVideoFrameBody } from '../../src/media/flv/write-tag.ts';
import { readHevcConfig, readHevcRecord, writeHevcRecord } from '../../src/media/hevc/record.ts';
import { readFragments } from '../../src/media/mp4/fragment-reader.ts';
import { writeFragment } from '../../src/media/mp4/fragment-writer.ts';
import { writeInitSegment } from '../../src/media/mp4/init-segment.ts';
import { writeTsSegment } from '../../src/media/mpegts/segment.ts';
import { readOpusConfig, writeOpusHead } from '../../src/media/opus/config.ts';
import { hex } from './hex.ts';

/** Configurations as encoders sent them: x264, x265 3.5, libaom 3.6, fdk, libopus. */
const avcC = hex('0164000cffe100196764000cacd942847e5c0440000003004000000f03c50a6580010004 68efbcb0fdf8f800');
const hvcC = hex(`
  0101600000009000000000003cf000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003c95
  9809a10001002942010101600000030090000003000003003ca014207965959a4932bc05a020000003002000000303c1a200
  0100074401c172b46240`);
const av1C = hex('81000c000a0a00000003b4ff736be401');
const asc = hex('eb8a0800');
const opusHead = hex('4f70757348656164 01 02 3801 80bb0000 0000 00');

const mutation = fc.record({
  at: fc.nat(400),
  byte: fc.nat(255),
  how: fc.constantFrom('set', 'cut', 'insert', 'flip'),
});

/** The bytes with some changed, inserted or cut off. */
function mutate(bytes: Uint8Array, mutations: readonly { at: number; byte: number; how: string }[]): Uint8Array {
  let out = [...bytes];
  for (const { at, byte, how } of mutations) {
    const index = out.length === 0 ? 0 : at % out.length;
    if (how === 'set') out[index] = byte;
    else if (how === 'flip') out[index] = (out[index] ?? 0) ^ (1 << (byte & 7));
    else if (how === 'insert') out.splice(index, 0, byte);
    else if (byte < 64) out = out.slice(0, index);
  }
  return Uint8Array.from(out);
}

const frame = hex('00000004 06050180 00000003 658884 00000003 419a24');
const fragment = writeFragment({
  sequenceNumber: 1,
  baseDecodeTimeTicks: 0,
  kind: 'video',
  samples: [1, 2, 3].map((sizeBytes) => ({
    sizeBytes,
    durationTicks: sizeBytes,
    compositionOffsetTicks: sizeBytes,
    isSync: sizeBytes === 1,
  })),
  sampleBytes: hex('010203040506'),
});
const flvFile = Uint8Array.from([
  ...writeFlvHeader({ hasAudio: true, hasVideo: true }),
  ...writeFlvTag({ type: 'video', timestampMs: 0, body: hex('1700') }),
  ...writeFlvTag({ type: 'audio', timestampMs: 9, body: hex('af00') }),
]);
const videoFrame = writeVideoFrameBody('avc', { isSync: true, compositionOffsetMs: 3, data: frame });

/** Each reads bytes and uses what it read as far as the product does. */
const readers: { name: string; bytes: Uint8Array; read: (bytes: Uint8Array) => void }[] = [
  {
    name: 'avcC',
    bytes: avcC,
    read(bytes) {
      const { config } = readAvcConfig(bytes);
      expect(writeAvcRecord(readAvcRecord(config.record))).toEqual(config.record);
      writeInitSegment(config, 90_000);
      writeTsSegment({ video: { config, samples: [{ dts90k: 0, pts90k: 0, isSync: true, data: frame }] } });
    },
  },
  {
    name: 'hvcC',
    bytes: hvcC,
    read(bytes) {
      const { config } = readHevcConfig(bytes);
      expect(writeHevcRecord(readHevcRecord(config.record))).toEqual(config.record);
      writeInitSegment(config, 90_000);
      writeTsSegment({ video: { config, samples: [{ dts90k: 0, pts90k: 0, isSync: true, data: frame }] } });
    },
  },
  { name: 'av1C', bytes: av1C, read: (bytes) => writeInitSegment(readAv1Config(bytes), 90_000) },
  {
    name: 'AudioSpecificConfig',
    bytes: asc,
    read(bytes) {
      const config = readAacConfig(bytes);
      writeInitSegment(config, config.sampleRateHz);
      writeTsSegment({ audio: { config, samples: [{ dts90k: 0, pts90k: 0, isSync: true, data: frame }] } });
    },
  },
  {
    name: 'OpusHead',
    bytes: opusHead,
    read(bytes) {
      const config = readOpusConfig(bytes);
      expect(readOpusConfig(writeOpusHead(config))).toEqual(config);
      writeInitSegment(config, 48_000);
    },
  },
  { name: 'video tag', bytes: videoFrame, read: (bytes) => parseVideoTagBody(bytes) },
  {
    name: 'video tag with 1-byte lengths',
    bytes: hex('17 01 000000 03 658884 00 03 419a24'),
    read: (bytes) => parseVideoTagBody(bytes, 1),
  },
  {
    name: 'video config tag',
    bytes: hex(`17 00 000000 ${Buffer.from(avcC).toString('hex')}`),
    read: (bytes) => parseVideoTagBody(bytes),
  },
  { name: 'AV1 tag', bytes: hex('91 61763031 1200 0a01ff 320410000000'), read: (bytes) => parseVideoTagBody(bytes) },
  { name: 'HEVC tag', bytes: hex('91 68766331 000000 00000004 2801af08'), read: (bytes) => parseVideoTagBody(bytes) },
  {
    name: 'multitrack tag',
    bytes: hex('97 02 0f4240 06 13 61763031 01 000001 ff 00 000003 320110'),
    read: (bytes) => parseVideoTagBody(bytes),
  },
  { name: 'audio tag', bytes: hex('af01 2110'), read: (bytes) => parseAudioTagBody(bytes) },
  {
    name: 'enhanced audio tag',
    bytes: hex('97 01 0000 05 01 4f707573 00 fc01'),
    read: (bytes) => parseAudioTagBody(bytes),
  },
  { name: 'fragment', bytes: fragment, read: (bytes) => readFragments(bytes) },
  {
    name: 'FLV file',
    bytes: flvFile,
    read(bytes) {
      const reader = new FlvReader();
      for (let at = 0; at < bytes.length; at += 5) {
        reader.push(bytes.subarray(at, at + 5));
        while (reader.next() !== undefined);
      }
    },
  },
];

test.each(readers)('$name: as sent it is read', ({ bytes, read }) => {
  expect(() => read(bytes)).not.toThrow();
});

test.each(readers)('$name: mutated it is read or refused with a typed error', ({ bytes, read }) => {
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
      try {
        read(mutate(bytes, mutations));
      } catch (error) {
        if (!isStreamctlError(error)) throw error;
      }
    }),
    { seed: 42, numRuns: 2000 },
  );
});

test('configurations survive the way through a tag', () => {
  const { config } = readHevcConfig(hvcC);
  expect(parseVideoTagBody(writeVideoConfigBody(config))).toMatchObject({ type: 'config', config });
  const av1 = readAv1Config(av1C);
  expect(parseVideoTagBody(writeVideoConfigBody(av1))).toMatchObject({ type: 'config', config: av1 });
  const opus = readOpusConfig(opusHead);
  expect(parseAudioTagBody(writeAudioConfigBody(opus))).toEqual({ type: 'config', config: opus });
});
