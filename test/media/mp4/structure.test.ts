import { createFile, type ISOFile, MP4BoxBuffer } from 'mp4box';
import { describe, expect, test } from 'vitest';
import { writeInitSegment } from '../../../src/media/mp4/init-segment.ts';
import type { AudioConfig, VideoConfig } from '../../../src/media/track.ts';
import { makeFlv } from '../clips.ts';
import { readClip } from '../flv-clip.ts';
import { packageTrack } from './package-track.ts';

function parse(...pieces: Uint8Array[]): ISOFile {
  const file = createFile();
  file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(Uint8Array.from(Buffer.concat(pieces)).buffer, 0));
  file.flush();
  return file;
}

const clip = readClip(makeFlv({ bFrames: 2 }));
const tracks = {
  video: packageTrack(clip.video!.config, clip.video!.frames),
  audio: packageTrack(clip.audio!.config, clip.audio!.frames),
};

/** The brands of the file with this configuration. */
function brandsOf(config: VideoConfig | AudioConfig): string[] {
  return parse(writeInitSegment(config, 90_000)).ftyp.compatible_brands;
}

describe.each(['video', 'audio'] as const)('the %s file, read by mp4box.js', (kind) => {
  const file = parse(...tracks[kind]);

  test('is an init segment, then segments of styp, prft, moof and mdat', () => {
    const [ftyp, moov, ...rest] = file.boxes.map((box) => box.type);
    expect([ftyp, moov]).toEqual(['ftyp', 'moov']);
    expect(rest.join(' ')).toMatch(/^(styp prft moof mdat ?){2,}$/);
  });

  test('has one track, no edit list and no metadata', () => {
    expect(file.moov.boxes?.map((box) => box.type)).toEqual(['mvhd', 'trak', 'mvex']);
    expect(file.moov.traks[0]?.boxes?.map((box) => box.type)).toEqual(['tkhd', 'mdia']);
    expect(file.moov.mvhd).toMatchObject({ duration: 0 });
  });

  test('has all defaults in tfhd, as brand cmf2 wants, and addresses data from moof', () => {
    for (const moof of file.moofs) {
      const [traf] = moof.trafs;
      expect(moof.trafs).toHaveLength(1);
      expect(traf?.truns).toHaveLength(1);
      expect(traf?.tfhd.flags).toBe(0x2003a);
      expect(traf?.tfhd.default_sample_description_index).toBe(1);
      expect(traf?.tfdt.version).toBe(1);
      expect(traf?.truns[0]?.version).toBe(1);
    }
  });

  test('has each tfdt at the sum of the durations before it', () => {
    let sum = 0;
    for (const moof of file.moofs) {
      const [traf] = moof.trafs;
      const [trun] = traf!.truns;
      expect(traf!.tfdt.baseMediaDecodeTime).toBe(sum);
      for (let i = 0; i < trun!.sample_count; i++)
        sum += trun!.sample_duration[i] ?? traf!.tfhd.default_sample_duration;
    }
    expect(sum).toBeGreaterThan(0);
  });
});

test('a run of equal audio frames has nothing per sample but sizes', () => {
  const [moof] = parse(...tracks.audio).moofs;
  expect(moof?.trafs[0]?.truns[0]?.flags).toBe(0x201);
});

describe('brands', () => {
  const video = clip.video!.config;
  const audio = clip.audio!.config;
  const withLevel = (levelIdc: number) => ({
    ...video,
    record: video.record.map((byte, i) => (i === 3 ? levelIdc : byte)),
  });

  test('H.264 up to level 4.0 and 1080 lines is cfhd, up to 4.2 chdf, beyond neither', () => {
    expect(brandsOf(withLevel(40))).toEqual(['iso6', 'cmfc', 'cmf2', 'cfhd']);
    expect(brandsOf(withLevel(42))).toEqual(['iso6', 'cmfc', 'cmf2', 'chdf']);
    expect(brandsOf(withLevel(51))).toEqual(['iso6', 'cmfc', 'cmf2']);
    expect(brandsOf({ ...withLevel(40), widthPixels: 3840 })).toEqual(['iso6', 'cmfc', 'cmf2']);
  });

  test('AAC of up to two channels and 48 kHz is caac', () => {
    expect(brandsOf(audio)).toEqual(['iso6', 'cmfc', 'cmf2', 'caac']);
    expect(brandsOf({ ...audio, channelCount: 6 })).toEqual(['iso6', 'cmfc', 'cmf2']);
    expect(brandsOf({ ...audio, sampleRateHz: 96_000 })).toEqual(['iso6', 'cmfc', 'cmf2']);
  });
});
