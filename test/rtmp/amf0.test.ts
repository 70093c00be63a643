import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isStreamctlError } from '../../src/base/errors.ts';
import { AmfReader, type AmfValue, AmfWriter, amfLimits } from '../../src/rtmp/amf0.ts';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

function read(bytes: Uint8Array): AmfValue[] {
  const reader = new AmfReader(bytes);
  const values: AmfValue[] = [];
  while (!reader.isAtEnd) values.push(reader.value());
  return values;
}

const vectors: { name: string; bytes: string; value: AmfValue }[] = [
  { name: 'a number (spec §2.2)', bytes: '00 3ff0000000000000', value: 1 },
  { name: 'a boolean (spec §2.3)', bytes: '01 01', value: true },
  { name: 'a string (ffmpeg: connect)', bytes: '02 0007 636f6e6e656374', value: 'connect' },
  { name: 'a string beyond ASCII', bytes: '02 0003 e282ac', value: '€' },
  { name: 'an object (ffmpeg: app)', bytes: '03 0003 617070 02 0004 6c697665 0000 09', value: { app: 'live' } },
  { name: 'null (spec §2.7)', bytes: '05', value: null },
  { name: 'undefined (spec §2.8)', bytes: '06', value: undefined },
  { name: 'a strict array (spec §2.12)', bytes: '0a 00000002 05 01 00', value: [null, false] },
  { name: 'a date (spec §2.13)', bytes: '0b 426d1a94a2000000 0000', value: new Date(1e12) },
  { name: 'an empty object', bytes: '03 0000 09', value: {} },
];
for (const { name, bytes, value } of vectors) {
  test(`AMF0: reads ${name}`, () => expect(read(hex(bytes))).toEqual([value]));
  test(`AMF0: writes ${name}`, () => expect(Buffer.from(new AmfWriter().value(value).toBytes())).toEqual(hex(bytes)));
}

const tolerated: typeof vectors = [
  { name: 'an ECMA array with a count of zero', bytes: '08 00000000 0001 61 05 0000 09', value: { a: null } },
  { name: 'an ECMA array with far too high a count', bytes: '08 ffffffff 0001 61 05 0000 09', value: { a: null } },
  { name: 'an ECMA array without an end marker', bytes: '08 00000001 0001 61 05', value: { a: null } },
  { name: 'an object that ends before its end marker', bytes: '03 0001 61 05 0000', value: { a: null } },
  { name: 'a typed object, as a plain one', bytes: '10 0003 466f6f 0001 61 05 0000 09', value: { a: null } },
  { name: 'a long string', bytes: '0c 00000001 61', value: 'a' },
  { name: 'an XML document, as its text', bytes: '0f 00000001 61', value: 'a' },
  { name: 'the unsupported marker, as undefined', bytes: '0d', value: undefined },
  {
    name: 'a property named __proto__',
    bytes: '03 0009 5f5f70726f746f5f5f 05 0000 09',
    value: JSON.parse('{"__proto__":null}'),
  },
];
for (const { name, bytes, value } of tolerated) {
  test(`AMF0: accepts ${name}`, () => expect(read(hex(bytes))).toEqual([value]));
}

test('a reference gives the complete object it points to', () => {
  expect(read(hex('03 0001 61 05 0000 09  07 0000'))).toEqual([{ a: null }, { a: null }]);
});

const refused = [
  { name: 'a reference into an unfinished object', bytes: '03 0001 61 07 0000 0000 09' },
  { name: 'a value type that does not exist', bytes: '7f' },
  { name: 'a string longer than the data', bytes: '02 ffff 61' },
  { name: 'an array that announces 4 G elements', bytes: '0a ffffffff 05' },
  { name: 'nesting 17 deep', bytes: `${'03 0001 61'.repeat(17)} 05` },
  { name: 'more than 1,024 properties', bytes: '0001 61 05'.repeat(1025).replace(/^/, '03') },
  { name: 'more than 64 KB', bytes: '05'.repeat(amfLimits.sizeBytes + 1) },
];
for (const { name, bytes } of refused) {
  test(`AMF0: refuses ${name}`, () => expect(() => read(hex(bytes))).toThrow(/AMF data is malformed|ends early/));
}

const values = fc.letrec<{ value: AmfValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.double(),
    fc.boolean(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(null, undefined, 'x'.repeat(70_00)),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
  ) as fc.Arbitrary<AmfValue>,
})).value;

test('what the AMF0 writer writes the reader reads', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(read(new AmfWriter().value(value).toBytes())).toEqual([value]);
    }),
  );
});

test('mutated AMF0 gives values the writer can write, or a typed error', () => {
  const mutations = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(values, mutations, fc.nat(), (value, changes, cut) => {
      const bytes = new AmfWriter()
        .value(value)
        .value({ a: [1, 'b', null], c: new Date(0) })
        .toBytes();
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      try {
        for (const read_ of read(bytes.subarray(0, cut % (bytes.length + 1)))) new AmfWriter().value(read_).toBytes();
      } catch (error) {
        if (!isStreamctlError(error)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});
