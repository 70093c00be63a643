import { systemClock } from '../../src/base/clock.ts';
import type { VideoConfig } from '../../src/media/track.ts';
import { buildTranscodeArgs, type TranscodeSpec } from '../../src/transcode/command.ts';
import { createFeed } from '../../src/transcode/feed-writer.ts';
import { FfmpegProcess } from '../../src/transcode/ffmpeg-process.ts';
import { TakeBack } from '../../src/transcode/take-back.ts';
import { ptsOf, type SourceClip } from './source-clips.ts';

export interface TakenFrame {
  readonly ptsMs: number;
  readonly isSync: boolean;
  readonly sizeBytes: number;
}

export interface TakenRung {
  config: VideoConfig | undefined;
  readonly frames: TakenFrame[];
}

/** The real ffmpeg over a whole clip, as fast as it can; session time is clip time + 10 s. */
export async function transcodeClip(
  clip: SourceClip,
  spec: TranscodeSpec,
): Promise<{ rungs: TakenRung[]; thumbnails: Uint8Array; log: string[] }> {
  const rungs = spec.rungs.map((): TakenRung => ({ config: undefined, frames: [] }));
  const readers = spec.rungs.map(
    (rung, index) =>
      new TakeBack(rung.fps, {
        config: (config) => {
          rungs[index]!.config = config;
        },
        frame: (ptsMs, _offset, isSync, data) =>
          rungs[index]!.frames.push({ ptsMs: ptsMs - 10_000, isSync, sizeBytes: data.length }),
      }),
  );
  const log: string[] = [];
  const thumbnails: Uint8Array[] = [];
  const ffmpeg = new FfmpegProcess({
    path: 'ffmpeg',
    args: buildTranscodeArgs(spec),
    outputCount: spec.rungs.length + (spec.thumbnail === undefined ? 0 : 1),
    clock: { ...systemClock, after: () => () => {} }, // however long it takes
    listener: {
      output: (index, bytes) => {
        if (index < readers.length) readers[index]?.push(bytes);
        else thumbnails.push(bytes.slice());
      },
      progressLine: () => {},
      logLine: (line) => log.push(line),
      exited: () => {},
    },
  });
  const feed = createFeed(clip.config, 30);
  ffmpeg.write(feed.header());
  for (const unit of clip.units) {
    const { isSync, data } = unit;
    ffmpeg.write(feed.frame({ dtsMs: unit.dtsMs + 10_000, ptsMs: ptsOf(unit) + 10_000, isSync, data }));
  }
  await ffmpeg.stop();
  return { rungs, thumbnails: Buffer.concat(thumbnails), log };
}
