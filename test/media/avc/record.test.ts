import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { readAvcConfig, readAvcRecord, writeAvcRecord } from '../../../src/media/avc/record.ts';
import { readAvcSps } from '../../../src/media/avc/sps.ts';
import { readClip } from '../flv-clip.ts';
import { hex } from '../hex.ts';

/** The configuration x264 makes for one picture of this format. */
function encodeOne(size: string, rate: string, pixelFormat: string, extra: string) {
  const source = `color=size=${size}:rate=${rate}:duration=0.1`;
  const args = `-v error -f lavfi -i ${source} -frames:v 1 -c:v libx264 -threads 1 -pix_fmt ${pixelFormat} ${extra} -f flv pipe:1`;
  return readClip(execFileSync('ffmpeg', args.trim().split(/\s+/))).video!.config;
}

const formats: { name: string; args: [string, string, string, string]; is: (number | string)[] }[] = [
  { name: '1080p60 High 4.2', args: ['1920x1080', '60', 'yuv420p', ''], is: [1920, 1080, 60, 'avc1.64002a'] },
  { name: '1366x768 cropped', args: ['1366x768', '25', 'yuv420p', ''], is: [1366, 768, 25, 'avc1.640020'] },
  {
    name: 'baseline 3.0',
    args: ['640x360', '30', 'yuv420p', '-profile:v baseline -level 3.0'],
    is: [640, 360, 30, 'avc1.42c01e'],
  },
  {
    name: 'interlaced 1080',
    args: ['1920x1080', '25', 'yuv420p', '-flags +ilme+ildct'],
    is: [1920, 1080, 25, 'avc1.640028'],
  },
  { name: '29.97', args: ['640x360', '30000/1001', 'yuv420p', ''], is: [640, 360, 30000 / 1001, 'avc1.64001e'] },
  { name: '4:4:4', args: ['322x182', '30', 'yuv444p', ''], is: [322, 182, 30, 'avc1.f4000d'] },
  { name: '10 bit', args: ['320x180', '30', 'yuv420p10le', ''], is: [320, 180, 30, 'avc1.6e000d'] },
  {
    name: 'with HRD',
    args: ['320x180', '30', 'yuv420p', '-b:v 200k -maxrate 200k -bufsize 200k -x264-params nal-hrd=cbr'],
    is: [320, 180, 30, 'avc1.64000d'],
  },
];

test.each(formats)('x264 $name: size, rate and codec string are those encoded', ({ args, is }) => {
  const config = encodeOne(...args);
  expect([config.widthPixels, config.heightPixels, config.nominalFps, config.codecString]).toEqual(is);
  expect(writeAvcRecord(readAvcRecord(config.record))).toEqual(config.record);
});

test('pixel shape, colours and reorder depth are read from the VUI', () => {
  const colours = '-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range pc';
  const config = encodeOne('720x576', '25', 'yuv420p', `-vf setsar=16/11 -bf 2 ${colours}`);
  expect(readAvcSps(readAvcRecord(config.record).spsNals[0]!)).toMatchObject({
    pixelAspect: { horizontal: 16, vertical: 11 },
    colour: { primaries: 1, transfer: 1, matrix: 1, isFullRange: true },
    reorderFrames: 2,
  });
});

describe('records as senders get them wrong', () => {
  const sps = '6764000cacd942847e5c0440000003004000000f03c50a6580';
  const proper = hex(`0164000c ffe1 0019 ${sps} 01 0004 68efbcb0 fdf8f800`);

  test.each([
    { name: 'without the high profile fields', bytes: `0164000c ffe1 0019 ${sps} 01 0004 68efbcb0` },
    { name: 'with another profile and level than the SPS', bytes: `0142001e ffe1 0019 ${sps} 01 0004 68efbcb0` },
    {
      name: 'with an empty parameter set first',
      bytes: `0164000c ffe2 0000 0019 ${sps} 02 0000 0004 68efbcb0 fdf8f800`,
    },
  ])('$name: the record is put right', ({ bytes }) => {
    expect(readAvcConfig(hex(bytes)).config.record).toEqual(proper);
  });

  test.each([
    { name: 'of version 0', bytes: `0064000c ffe1 0019 ${sps} 01 0004 68efbcb0` },
    { name: 'with 3-byte lengths', bytes: `0164000c fee1 0019 ${sps} 01 0004 68efbcb0` },
    { name: 'without SPS', bytes: '0164000c ffe0 01 0004 68efbcb0' },
    { name: 'without PPS', bytes: `0164000c ffe1 0019 ${sps} 00` },
    { name: 'whose SPS is a PPS', bytes: '0164000c ffe1 0004 68efbcb0 01 0004 68efbcb0' },
  ])('$name: refused', ({ bytes }) => {
    expect(() => readAvcConfig(hex(bytes))).toThrow(expect.objectContaining({ code: 'MEDIA_MALFORMED' }));
  });
});
