import { expect, test } from 'vitest';
import { findFfmpeg } from '../../src/transcode/ffmpeg-lookup.ts';
import { drawStill } from '../../src/transcode/still-picture.ts';
import { fastClip, hevcClip, type SourceClip } from './source-clips.ts';

const ffmpeg = await findFfmpeg({ searchPath: process.env.PATH ?? '' });
const options = { shortSidePixels: 180, signal: new AbortController().signal };
const keyframeOf = ({ units }: SourceClip) => units.find((unit) => unit.isSync)!;

/** Of a baseline JPEG (SOF0), as its decoder will see it. */
function sizeOf(jpeg: Uint8Array): string {
  const bytes = Buffer.from(jpeg);
  const at = bytes.indexOf(Buffer.of(0xff, 0xc0));
  return `${bytes.readUInt16BE(at + 7)}x${bytes.readUInt16BE(at + 5)}`;
}

test.each([
  ['H.264', fastClip],
  ['HEVC', hevcClip],
])('one keyframe of %s becomes a whole JPEG of the wanted size', async (_codec, clipOf) => {
  const clip = clipOf();
  const made = await drawStill(ffmpeg, { config: clip.config, keyframe: keyframeOf(clip) }, options);
  if ('why' in made) throw new Error(made.why);
  expect(sizeOf(made.jpeg)).toBe('320x180');
  expect([...made.jpeg.slice(-2)]).toEqual([0xff, 0xd9]);
  expect(made.jpeg.buffer.byteLength).toBe(made.jpeg.length);
});

test('of what is no picture it is said why there is none', async () => {
  const { config } = fastClip();
  const made = await drawStill(ffmpeg, { config, keyframe: { data: Buffer.alloc(500, 7) } }, options);
  expect(made).toEqual({ why: expect.stringMatching(/\w+/) });
});
