import { describe, expect, test } from 'vitest';
import { parseAudioTagBody, parseVideoTagBody } from '../../../src/media/flv/tag.ts';
import {
  writeAudioConfigBody,
  writeAudioFrameBody,
  writeVideoConfigBody,
  writeVideoEndBody,
  writeVideoFrameBody,
} from '../../../src/media/flv/write-tag.ts';
import { hex } from '../hex.ts';

/** Of ffmpeg 5.1: High profile, 160x120, 30 fps. */
const avcC = '0164000c ffe1 0019 6764000cacd942847e5c0440000003004000000f03c50a6580 01 0004 68efbcb0 fdf8f800';
const idr = '00000003 658884';
const slice = '00000003 419a24';
const sei = '00000004 06050180';
const fourCc = { avc1: '61766331', vp09: '76703039', mp4a: '6d703461', flac: '664c6143', mp3: '2e6d7033' };

describe('video tags', () => {
  const frames = [
    {
      name: 'an IDR frame (ffmpeg 5.1)',
      bytes: `17 01 000043 ${idr}`,
      value: { isSync: true, compositionOffsetMs: 67 },
    },
    { name: 'an inter frame', bytes: `27 01 000000 ${slice}`, value: { isSync: false, compositionOffsetMs: 0 } },
    {
      name: 'a negative composition time',
      bytes: `27 01 ffffdf ${slice}`,
      value: { isSync: false, compositionOffsetMs: -33 },
    },
  ];
  test.each(frames)('reads and writes $name', ({ bytes, value }) => {
    const body = hex(bytes);
    const tag = parseVideoTagBody(body);
    expect(tag).toEqual({ type: 'frame', codec: 'avc', ...value, data: body.subarray(5) });
    if (tag.type !== 'frame') return;
    expect(tag.data.buffer).toBe(body.buffer); // a view
    expect(writeVideoFrameBody('avc', tag)).toEqual(body);
  });

  test('reads and writes a sequence header (ffmpeg 5.1)', () => {
    const body = hex(`17 00 000000 ${avcC}`);
    const tag = parseVideoTagBody(body);
    expect(tag).toMatchObject({
      type: 'config',
      nalLengthSizeBytes: 4,
      config: { codec: 'avc', codecString: 'avc1.64000c', widthPixels: 160, heightPixels: 120, nominalFps: 30 },
    });
    if (tag.type !== 'config') return;
    expect(tag.config.record.buffer).not.toBe(body.buffer);
    expect(writeVideoConfigBody(tag.config)).toEqual(body);
  });

  test('reads and writes the end of a sequence', () => {
    expect(parseVideoTagBody(writeVideoEndBody('avc'))).toEqual({ type: 'end-of-sequence' });
    expect(parseVideoTagBody(writeVideoEndBody('hevc'))).toEqual({ type: 'end-of-sequence' });
  });

  test('a keyframe flag without IDR is not believed, nor its absence', () => {
    expect(parseVideoTagBody(hex(`17 01 000000 ${slice}`))).toMatchObject({ isSync: false });
    expect(parseVideoTagBody(hex(`17 01 000000 00000004 0606c003 ${slice}`))).toMatchObject({ isSync: false }); // recovery point
    expect(parseVideoTagBody(hex(`27 01 000000 ${sei} ${idr}`))).toMatchObject({ isSync: true });
  });

  test.each([
    { name: 'nothing', bytes: '', why: /without content/ },
    { name: 'a cut header', bytes: '17 01 00', why: /without content/ },
    { name: 'a frame without data', bytes: '17 01 000000', why: /empty frame/ },
    { name: 'a frame with SEI only', bytes: `27 01 000000 ${sei}`, why: /without a picture/ },
    { name: 'a frame of empty NAL units', bytes: '27 01 000000 00000000 00000000', why: /without a picture/ },
    { name: 'a sequence header without content', bytes: '17 00 000000', why: /empty sequence header/ },
    {
      name: 'an enhanced sequence header without content (ffmpeg 7 AV1)',
      bytes: '90 61763031',
      why: /empty sequence header/,
    },
    { name: 'a command frame', bytes: '57 00', why: /command/ },
    { name: 'an unknown packet type', bytes: `17 09 000000 ${idr}`, why: /do not know/ },
    { name: 'an unknown enhanced packet type', bytes: `9f ${fourCc.avc1} 00`, why: /do not know/ },
    { name: 'colour metadata (ffmpeg 7)', bytes: `84 ${fourCc.avc1} 02000963`, why: /metadata/ },
    { name: 'VP6', bytes: '14 00 00 00 00', why: /VP6 is not carried/ },
    { name: 'VP9', bytes: `90 ${fourCc.vp09} 01`, why: /vp09 is not carried/ },
    { name: 'a FourCC nobody knows', bytes: '90 31323334 01', why: /unknown codec/ },
  ])('$name is ignored with a reason', ({ bytes, why }) => {
    expect(parseVideoTagBody(hex(bytes))).toMatchObject({ type: 'ignored', why: expect.stringMatching(why) });
  });

  test('empty NAL units are taken out of a frame that has a picture', () => {
    expect(parseVideoTagBody(hex(`17 01 000000 00000000 ${idr} 00000000`))).toMatchObject({
      isSync: true,
      data: hex(idr),
    });
  });

  test('a NAL unit longer than the frame is an error of its own', () => {
    expect(() => parseVideoTagBody(hex('17 01 000000 000000ff 6588'))).toThrow(
      expect.objectContaining({ code: 'MEDIA_MALFORMED' }),
    );
  });

  test('frames with 2-byte lengths come out with 4-byte lengths, and the record says so', () => {
    const tag = parseVideoTagBody(hex(`17 00 000000 ${avcC.replace('ffe1', 'fde1')}`));
    if (tag.type !== 'config') throw new Error(tag.type);
    expect(tag.nalLengthSizeBytes).toBe(2);
    expect(tag.config.record).toEqual(hex(avcC));
    expect(parseVideoTagBody(hex('27 01 000000 0003 658884 0003 419a24'), 2)).toMatchObject({
      isSync: true,
      data: hex(idr + slice),
    });
  });

  describe('enhanced headers', () => {
    const frame = { type: 'frame', codec: 'avc', isSync: true, data: hex(idr) };
    test.each([
      { name: 'coded frames with a composition time', bytes: `91 ${fourCc.avc1} 000021 ${idr}`, offsetMs: 33 },
      { name: 'coded frames without', bytes: `93 ${fourCc.avc1} ${idr}`, offsetMs: 0 },
      { name: 'a ModEx nanosecond offset first', bytes: `97 02 0f4240 03 ${fourCc.avc1} ${idr}`, offsetMs: 0 },
      { name: 'one track', bytes: `96 03 ${fourCc.avc1} 00 ${idr}`, offsetMs: 0 },
      {
        name: 'many tracks, ours second',
        bytes: `96 13 ${fourCc.avc1} 01 000001 ff 00 000007 ${idr}`,
        offsetMs: 0,
      },
      {
        name: 'many tracks of many codecs',
        bytes: `96 23 ${fourCc.vp09} 01 000001 ff ${fourCc.avc1} 00 000007 ${idr}`,
        offsetMs: 0,
      },
    ])('$name', ({ bytes, offsetMs }) => {
      expect(parseVideoTagBody(hex(bytes))).toEqual({ ...frame, compositionOffsetMs: offsetMs });
    });

    test('another track is ignored', () => {
      expect(parseVideoTagBody(hex(`96 03 ${fourCc.avc1} 01 ${idr}`))).toMatchObject({ type: 'ignored' });
    });

    test('a track longer than the message is an error', () => {
      expect(() => parseVideoTagBody(hex(`96 13 ${fourCc.avc1} 00 0000ff ${idr}`))).toThrow(
        expect.objectContaining({ code: 'BYTES_SHORT' }),
      );
    });
  });
});

describe('audio tags', () => {
  test('reads and writes a sequence header (ffmpeg 5.1)', () => {
    const body = hex('af00 119056e500');
    const tag = parseAudioTagBody(body);
    expect(tag).toMatchObject({
      type: 'config',
      config: { codecString: 'mp4a.40.2', sampleRateHz: 48000, channelCount: 2 },
    });
    if (tag.type === 'config') expect(writeAudioConfigBody(tag.config)).toEqual(body);
  });

  test('reads and writes a frame, as a view', () => {
    const body = hex('af01 211004');
    const tag = parseAudioTagBody(body);
    expect(tag).toEqual({ type: 'frame', codec: 'aac', data: hex('211004') });
    if (tag.type !== 'frame') return;
    expect(tag.data.buffer).toBe(body.buffer);
    expect(writeAudioFrameBody('aac', tag.data)).toEqual(body);
  });

  test('reads AAC in enhanced headers', () => {
    expect(parseAudioTagBody(hex(`90 ${fourCc.mp4a} 1190`))).toMatchObject({ type: 'config' });
    expect(parseAudioTagBody(hex(`91 ${fourCc.mp4a} 2110`))).toMatchObject({ type: 'frame', data: hex('2110') });
    expect(parseAudioTagBody(hex(`95 01 ${fourCc.mp4a} 00 2110`))).toMatchObject({ type: 'frame', data: hex('2110') });
  });

  test.each([
    {
      name: 'MP3 at 44.1 kHz in stereo (ffmpeg)',
      header: '2f',
      codecString: 'MP3',
      sampleRateHz: 44_100,
      channelCount: 2,
    },
    { name: 'MP3 at 22.05 kHz in mono', header: '2a', codecString: 'MP3', sampleRateHz: 22_050, channelCount: 1 },
    { name: 'MP3 at 8 kHz', header: 'e2', codecString: 'MP3', sampleRateHz: 8000, channelCount: 1 },
    { name: 'little-endian PCM', header: '3f', codecString: 'PCM', sampleRateHz: 44_100, channelCount: 2 },
    {
      name: 'Speex, whatever its other bits say (ffmpeg)',
      header: 'b6',
      codecString: 'Speex',
      sampleRateHz: 16_000,
      channelCount: 1,
    },
    { name: 'G.711', header: '82', codecString: 'G.711 µ-law', sampleRateHz: 8000, channelCount: 1 },
    { name: 'Nellymoser', header: '6e', codecString: 'Nellymoser', sampleRateHz: 44_100, channelCount: 1 },
  ])('reads a frame of $name', ({ header, codecString, sampleRateHz, channelCount }) => {
    const tag = parseAudioTagBody(hex(`${header} fffb90`));
    const flvSoundHeader = Number.parseInt(header, 16);
    const config = { kind: 'audio', codec: 'foreign', codecString, flvSoundHeader, sampleRateHz, channelCount };
    expect(tag).toEqual({ type: 'foreign-frame', config, data: hex('fffb90') });
    const next = parseAudioTagBody(hex(`${header} 00`));
    expect('config' in next && 'config' in tag && next.config === tag.config).toBe(true);
  });

  test('reads MP3 by its FourCC like MP3 by its number', () => {
    expect(parseAudioTagBody(hex(`91 ${fourCc.mp3} fffb90`))).toEqual(parseAudioTagBody(hex('2f fffb90')));
  });

  test.each([
    { name: 'nothing', bytes: '', why: /without content/ },
    { name: 'a lone header byte', bytes: 'af', why: /without content/ },
    { name: 'a frame without data', bytes: 'af01', why: /empty frame/ },
    { name: 'a sequence header without content', bytes: 'af00', why: /empty sequence header/ },
    { name: 'codec 15 (DJI)', bytes: 'f600', why: /codec 15 is not carried/ },
    { name: 'MP3 without a frame', bytes: '2f', why: /empty frame/ },
    { name: 'MP3 by FourCC without a frame', bytes: `91 ${fourCc.mp3}`, why: /empty frame/ },
    { name: 'FLAC', bytes: `90 ${fourCc.flac} 01`, why: /fLaC is not carried/ },
    { name: 'the end of a sequence', bytes: `92 ${fourCc.mp4a}`, why: /end of an audio sequence/ },
  ])('$name is ignored with a reason', ({ bytes, why }) => {
    expect(parseAudioTagBody(hex(bytes))).toMatchObject({ type: 'ignored', why: expect.stringMatching(why) });
  });
});
