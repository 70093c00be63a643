import { expect, test } from 'vitest';
import { readAvcRecord } from '../../src/media/avc/record.ts';
import { readAvcSps } from '../../src/media/avc/sps.ts';
import type { TranscodeSpec } from '../../src/transcode/command.ts';
import { planLadder } from '../../src/transcode/ladder.ts';
import { isInterlaced, passthroughObstacle } from '../../src/transcode/passthrough.ts';
import { av1Clip, encodedH264, hevcClip, ptsOf, type SourceClip, shownTimes } from './source-clips.ts';
import { transcodeClip } from './transcoded.ts';

const gop = '-g 25 -keyint_min 25 -sc_threshold 0';
const h264 = (options: string) => encodedH264('unusual.flv', '640x360', 3, 25, `${options} ${gop}`);

const sources: { name: string; clip: () => SourceClip }[] = [
  { name: 'H.264 of 10 bits', clip: () => h264('-pix_fmt yuv420p10le -bf 2') },
  { name: 'H.264 of 4:2:2', clip: () => h264('-pix_fmt yuv422p -bf 2') },
  { name: 'H.264 of 4:4:4 and full range', clip: () => h264('-pix_fmt yuvj444p -bf 0') },
  { name: 'interlaced H.264', clip: () => h264('-pix_fmt yuv420p -flags +ildct+ilme -bf 0') },
  { name: 'interlaced H.264 with B-frames', clip: () => h264('-pix_fmt yuv420p -flags +ildct+ilme -bf 2') },
  { name: 'HEVC', clip: hevcClip },
  { name: 'AV1', clip: av1Clip },
];

for (const { name, clip } of sources) {
  test(`${name} becomes progressive 8-bit 4:2:0 H.264 with every frame at its time, on the source's keyframes or on a grid`, async () => {
    const source = clip();
    expect(passthroughObstacle(source.config)).toBeTypeOf('string');
    const about = { widthPixels: 640, heightPixels: 360, fps: 25, bitrateBps: 4e6, codec: source.config.codec };
    const levels = [{ name: '240p', heightPixels: 240, videoBitrateBps: 400_000 }];
    const [rung] = planLadder({ source: { ...about, isPassthrough: true }, levels }).rungs;
    const firstMs = shownTimes(source.units)[0]!;
    const spec: TranscodeSpec = {
      feedFormat: source.config.codec === 'avc' ? 'flv' : 'mp4',
      isInterlaced: isInterlaced(source.config),
      encoder: 'x264',
      rungs: [{ ...rung!, firstPtsMs: 10_000 + firstMs }],
    };
    const keys = source.units.filter((unit) => unit.isSync).map(ptsOf);
    const onKeyframes = (await transcodeClip(source, spec)).rungs[0]!;
    expect(onKeyframes.frames.map(({ ptsMs }) => ptsMs)).toEqual(shownTimes(source.units));
    expect(onKeyframes.frames.filter(({ isSync }) => isSync).map(({ ptsMs }) => ptsMs)).toEqual(keys);
    const sps = readAvcSps(readAvcRecord(onKeyframes.config!.record).spsNals[0]!);
    expect(sps).toMatchObject({ chromaFormatIdc: 1, bitDepthLuma: 8, isInterlaced: false, heightPixels: 240 });

    const keyframeGrid = { originMs: 10_000 + firstMs, intervalMs: 800 };
    const onGrid = (await transcodeClip(source, { ...spec, keyframeGrid })).rungs[0]!;
    expect(onGrid.frames.map(({ ptsMs }) => ptsMs)).toEqual(shownTimes(source.units));
    const gridKeys = onGrid.frames
      .filter(({ isSync }) => isSync)
      .map(({ ptsMs }) => Math.floor((ptsMs - firstMs + 0.5) / 800));
    expect(gridKeys).toEqual([...new Set(onGrid.frames.map(({ ptsMs }) => Math.floor((ptsMs - firstMs + 0.5) / 800)))]);
  });
}
