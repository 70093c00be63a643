import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFragments } from '../../../src/media/mp4/fragment-reader.ts';
import { type FragmentSample, writeFragment } from '../../../src/media/mp4/fragment-writer.ts';
import { hex } from '../hex.ts';

const sample = { sizeBytes: 2, durationTicks: 3000, compositionOffsetTicks: 0, isSync: true };

test('one sample, byte for byte (ISO/IEC 14496-12)', () => {
  const bytes = writeFragment({
    sequenceNumber: 7,
    baseDecodeTimeTicks: 2 ** 32 + 5,
    kind: 'video',
    samples: [sample],
    sampleBytes: hex('abcd'),
    segmentStart: { producerReferenceTime: { ntpWallMs: 500, mediaTimeTicks: 9 } },
  });
  expect(bytes).toEqual(
    hex(`
      00000020 73747970 6d736468 00000000 6d736468 636d6673 636d6666 636d666c
      00000020 70726674 01000000 00000001 83aa7e80 80000000 0000000000000009
      00000068 6d6f6f66
        00000010 6d666864 00000000 00000007
        00000050 74726166
          00000020 74666864 0002003a 00000001 00000001 00000bb8 00000002 02000000
          00000014 74666474 01000000 0000000100000005
          00000014 7472756e 01000001 00000001 00000070
      0000000a 6d646174 abcd`),
  );
});

describe('what is written for each sample', () => {
  const cases = [
    { name: 'nothing, when all are alike', samples: [sample, sample], flags: 0x1 },
    {
      name: 'first_sample_flags, when only the first is a sync sample',
      samples: [sample, { ...sample, isSync: false }],
      flags: 0x5,
    },
    { name: 'flags, when a later one is a sync sample', samples: [{ ...sample, isSync: false }, sample], flags: 0x401 },
    { name: 'durations, when one differs', samples: [sample, { ...sample, durationTicks: 3001 }], flags: 0x101 },
    {
      name: 'composition offsets, when there is one',
      samples: [sample, { ...sample, compositionOffsetTicks: -1 }],
      flags: 0x801,
    },
  ];
  test.each(cases)('$name', ({ samples, flags }) => {
    const bytes = Buffer.from(
      writeFragment({
        sequenceNumber: 1,
        baseDecodeTimeTicks: 0,
        kind: 'video',
        samples,
        sampleBytes: hex('01020304'),
      }),
    );
    expect(bytes.readUInt32BE(bytes.indexOf('trun') + 4)).toBe(0x01000000 | flags);
  });
});

const samplesArbitrary = fc.array(
  fc.record({
    sizeBytes: fc.integer({ min: 0, max: 50 }),
    durationTicks: fc.constantFrom(0, 1024, 3000, 3003, 2 ** 32 - 1),
    compositionOffsetTicks: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    isSync: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

test('what is written is read back, one fragment or several, in exactly as many bytes as needed', () => {
  fc.assert(
    fc.property(
      fc.array(samplesArbitrary, { minLength: 1, maxLength: 3 }),
      fc.nat(2 ** 50),
      fc.boolean(),
      (runs, time, starts) => {
        const pieces = runs.map((samples, index) => {
          const sizeBytes = samples.reduce((sum, one) => sum + one.sizeBytes, 0);
          return writeFragment({
            sequenceNumber: index + 1,
            baseDecodeTimeTicks: time + index,
            kind: 'video',
            samples,
            sampleBytes: Uint8Array.from({ length: sizeBytes }, (_, i) => i),
            ...(starts && { segmentStart: { producerReferenceTime: { ntpWallMs: 0, mediaTimeTicks: time } } }),
          });
        });
        for (const piece of pieces) expect(piece.buffer.byteLength).toBe(piece.length);
        const fragments = readFragments(Buffer.concat(pieces));
        expect(fragments).toHaveLength(runs.length);
        for (const [index, fragment] of fragments.entries()) {
          expect(fragment).toMatchObject({ sequenceNumber: index + 1, baseDecodeTimeTicks: time + index });
          const read = fragment.samples.map(
            ({ data, ...rest }): FragmentSample => ({ ...rest, sizeBytes: data.length }),
          );
          expect(read).toEqual(runs[index]);
        }
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

test('audio frames are all sync samples', () => {
  const samples = [sample, sample];
  const bytes = writeFragment({
    sequenceNumber: 1,
    baseDecodeTimeTicks: 0,
    kind: 'audio',
    samples,
    sampleBytes: hex('01020304'),
  });
  expect(readFragments(bytes)[0]?.samples.map((one) => one.isSync)).toEqual([true, true]);
});

test('a fragment without samples is a mistake of the caller', () => {
  const empty = {
    sequenceNumber: 1,
    baseDecodeTimeTicks: 0,
    kind: 'video',
    samples: [],
    sampleBytes: hex(''),
  } as const;
  expect(() => writeFragment(empty)).toThrow('a fragment needs a sample');
});
