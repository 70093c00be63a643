import { expect, test } from 'vitest';
import { JpegSplitter } from '../../src/transcode/jpeg-splitter.ts';

test('a picture that never ends is given up, and the next one is read', () => {
  const jpegs: Uint8Array[] = [];
  const splitter = new JpegSplitter((jpeg) => jpegs.push(jpeg));
  for (let i = 0; i < 40; i++) splitter.push(new Uint8Array(50_000));
  splitter.push(Uint8Array.of(0xff, 0xd9, 0xff, 0xd8, 1, 2, 0xff));
  splitter.push(Uint8Array.of(0xd9));
  expect(jpegs).toEqual([Uint8Array.of(0xff, 0xd8, 1, 2, 0xff, 0xd9)]);
});
