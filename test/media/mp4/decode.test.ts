import { describe, expect, test } from 'vitest';
import { readFragments } from '../../../src/media/mp4/fragment-reader.ts';
import { clipMatrix } from '../clip-matrix.ts';
import { makeFlv } from '../clips.ts';
import { decodedFrames, probePackets } from '../decoded.ts';
import { readClip } from '../flv-clip.ts';
import { packageTrack } from './package-track.ts';

describe.each(clipMatrix)('fMP4 of $name', ({ options }) => {
  const flv = makeFlv(options);
  const clip = readClip(flv);

  test('video decodes to the frames of the FLV', () => {
    const pieces = packageTrack(clip.video!.config, clip.video!.frames);
    const decoded = decodedFrames(Buffer.concat(pieces), 'video.mp4', 'video');
    expect(decoded).toHaveLength(clip.video!.frames.length);
    expect(decoded).toEqual(decodedFrames(flv, 'clip.flv', 'video'));
  });

  test('sound decodes to the frames of the FLV', () => {
    const pieces = packageTrack(clip.audio!.config, clip.audio!.frames);
    const decoded = decodedFrames(Buffer.concat(pieces), 'audio.mp4', 'audio');
    expect(decoded).toHaveLength(clip.audio!.frames.length);
    expect(decoded).toEqual(decodedFrames(flv, 'clip.flv', 'audio'));
  });

  test('every segment begins with a key frame shown at its decode time', () => {
    const [init, ...segments] = packageTrack(clip.video!.config, clip.video!.frames);
    for (const segment of segments) {
      const [first] = probePackets(Buffer.concat([init!, segment]), 'segment.mp4', 'video');
      expect(first?.isKey).toBe(true);
      expect(readFragments(segment)[0]!.samples[0]!.compositionOffsetTicks).toBe(0);
    }
  });
});
