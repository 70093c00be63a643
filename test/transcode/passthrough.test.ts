import { expect, test } from 'vitest';
import { isInterlaced, passthroughObstacle } from '../../src/transcode/passthrough.ts';
import { av1Clip, encodedH264, hevcClip } from './source-clips.ts';

const encodings = [
  { name: 'Constrained Baseline', x264: '-profile:v baseline -pix_fmt yuv420p', obstacle: undefined },
  { name: 'Main with B-frames', x264: '-profile:v main -bf 2 -pix_fmt yuv420p', obstacle: undefined },
  { name: 'High of full range', x264: '-profile:v high -pix_fmt yuvj420p', obstacle: undefined },
  { name: 'High 10', x264: '-pix_fmt yuv420p10le', obstacle: '10 bits' },
  { name: 'High 4:2:2', x264: '-pix_fmt yuv422p', obstacle: '4:2:2' },
  { name: 'High 4:2:2 of 10 bits', x264: '-pix_fmt yuv422p10le', obstacle: '10 bits' },
  { name: 'High 4:4:4', x264: '-pix_fmt yuv444p', obstacle: '4:4:4' },
  { name: 'without colour', x264: '-pix_fmt gray', obstacle: '4:0:0' },
  { name: 'interlaced', x264: '-pix_fmt yuv420p -flags +ildct+ilme', obstacle: 'interlaced', isWoven: true },
];

for (const { name, x264, obstacle, isWoven = false } of encodings) {
  test(`H.264 ${name} ${obstacle === undefined ? 'is for everybody' : `is not for everybody: ${obstacle}`}`, () => {
    const { config } = encodedH264('obstacle.flv', '160x96', 0.2, 25, x264);
    expect(passthroughObstacle(config)?.includes(obstacle ?? '') ?? false).toBe(obstacle !== undefined);
    expect(isInterlaced(config)).toBe(isWoven);
  });
}

test('HEVC and AV1 are not for everybody', () => {
  expect(passthroughObstacle(hevcClip().config)).toContain('HEVC');
  expect(passthroughObstacle(av1Clip().config)).toContain('AV1');
});
