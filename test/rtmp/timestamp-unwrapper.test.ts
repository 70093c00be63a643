import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimestampUnwrapper } from '../../src/rtmp/timestamp-unwrapper.ts';

for (const [name, modulus] of [
  ['2^32 (RTMP)', 2 ** 32],
  ['2^31 (ffmpeg)', 2 ** 31],
] as const) {
  test(`a clock that wraps at ${name} is followed over years, forwards and back`, () => {
    const steps = fc.array(fc.integer({ min: -86_400_000, max: 86_400_000 * 5 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.nat(modulus - 1), steps, (start, deltas) => {
        const time = new TimestampUnwrapper();
        let trueMs = start;
        expect(time.unwrap(start)).toBe(start);
        for (const delta of deltas) {
          trueMs += delta;
          expect(time.unwrap(((trueMs % modulus) + modulus) % modulus)).toBe(trueMs);
        }
      }),
    );
  });
}
