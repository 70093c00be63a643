import { describe, expect, test } from 'vitest';
import { writeAdtsHeader } from '../../../src/media/aac/adts.ts';
import { readAacConfig, readAudioSpecificConfig, writeAudioSpecificConfig } from '../../../src/media/aac/config.ts';
import { hex } from '../hex.ts';

const lc = { objectType: 2, samplesPerFrame: 1024 };

describe('AudioSpecificConfig', () => {
  const vectors = [
    { name: 'LC 44.1 kHz stereo (OBS)', bytes: '1210', value: { ...lc, sampleRateHz: 44100, channelConfiguration: 2 } },
    { name: 'LC 48 kHz mono', bytes: '1188', value: { ...lc, sampleRateHz: 48000, channelConfiguration: 1 } },
    { name: 'LC 48 kHz 5.1', bytes: '11b0', value: { ...lc, sampleRateHz: 48000, channelConfiguration: 6 } },
    {
      name: 'LC of 960 samples',
      bytes: '1194',
      value: { objectType: 2, samplesPerFrame: 960, sampleRateHz: 48000, channelConfiguration: 2 },
    },
    {
      name: 'LC of a rate without index',
      bytes: '178055f010',
      value: { ...lc, sampleRateHz: 44000, channelConfiguration: 2 },
    },
    {
      name: 'HE-AAC 24/48 kHz stereo, announced first (fdk)',
      bytes: '2b118800',
      value: {
        ...lc,
        sampleRateHz: 24000,
        channelConfiguration: 2,
        sbr: { sampleRateHz: 48000, hasParametricStereo: false },
      },
    },
    {
      name: 'HE-AAC v2 22.05/44.1 kHz (fdk)',
      bytes: 'eb8a0800',
      value: {
        ...lc,
        sampleRateHz: 22050,
        channelConfiguration: 1,
        sbr: { sampleRateHz: 44100, hasParametricStereo: true },
      },
    },
  ];
  test.each(vectors)('reads $name', ({ bytes, value }) => {
    expect(readAudioSpecificConfig(hex(bytes))).toEqual(value);
  });
  test.each(vectors)('writes $name', ({ bytes, value }) => {
    expect(writeAudioSpecificConfig(value)).toEqual(hex(bytes).subarray(0, writeAudioSpecificConfig(value).length));
    expect(readAudioSpecificConfig(writeAudioSpecificConfig(value))).toEqual(value);
  });

  test('HE-AAC announced behind the configuration is seen', () => {
    expect(readAacConfig(hex('131056e500'))).toMatchObject({ codecString: 'mp4a.40.2', sampleRateHz: 24000 });
    expect(readAacConfig(hex('131056e598'))).toMatchObject({
      codecString: 'mp4a.40.5',
      sampleRateHz: 24000,
      channelCount: 2,
    });
  });

  test.each([
    { bytes: '1210', value: { codecString: 'mp4a.40.2', channelCount: 2 } },
    { bytes: '2b118800', value: { codecString: 'mp4a.40.5', channelCount: 2 } },
    { bytes: 'eb8a0800', value: { codecString: 'mp4a.40.29', channelCount: 2 } },
    { bytes: '11b8', value: { codecString: 'mp4a.40.2', channelCount: 8 } },
  ])('$value.codecString with $value.channelCount channels', ({ bytes, value }) => {
    expect(readAacConfig(hex(bytes))).toMatchObject({ ...value, record: hex(bytes) });
  });

  test.each([
    { name: 'a program config element', bytes: '1180', code: 'MEDIA_UNSUPPORTED' },
    { name: 'xHE-AAC', bytes: 'f94640', code: 'MEDIA_UNSUPPORTED' },
    { name: 'a reserved rate', bytes: '1690', code: 'MEDIA_MALFORMED' },
    { name: 'a reserved channel configuration', bytes: '11c8', code: 'MEDIA_MALFORMED' },
    { name: 'one byte', bytes: '12', code: 'MEDIA_MALFORMED' },
  ])('$name is refused', ({ bytes, code }) => {
    expect(() => readAacConfig(hex(bytes))).toThrow(expect.objectContaining({ code }));
  });
});

describe('ADTS', () => {
  test('the header of a frame (ffmpeg 5.1: LC 44.1 kHz stereo, 371 bytes in all)', () => {
    const out = new Uint8Array(8).fill(0xee);
    writeAdtsHeader(out, 1, readAudioSpecificConfig(hex('1210')), 371 - 7);
    expect(out).toEqual(hex('ee fff1 50 80 2e 7f fc'));
  });

  test.each([
    { name: 'a frame too large for its length field', bytes: '1210', sizeBytes: 8185 },
    { name: 'frames of 960 samples', bytes: '1194', sizeBytes: 100 },
    { name: 'a rate without index', bytes: '178055f010', sizeBytes: 100 },
  ])('$name is refused', ({ bytes, sizeBytes }) => {
    const config = readAudioSpecificConfig(hex(bytes));
    expect(() => writeAdtsHeader(new Uint8Array(7), 0, config, sizeBytes)).toThrow(
      expect.objectContaining({ code: 'MEDIA_TS_UNSUPPORTED' }),
    );
  });
});
