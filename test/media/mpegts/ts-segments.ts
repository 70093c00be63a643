import type { TsSample } from '../../../src/media/mpegts/pes.ts';
import { writeTsSegment } from '../../../src/media/mpegts/segment.ts';
import type { Clip, ClipFrame } from '../flv-clip.ts';

/** A clip as MPEG-TS segments of one GOP each (of 20 frames, where there is only sound), every one written by itself. */
export function tsSegments(clip: Clip, offset90k = 0): Uint8Array[] {
  const { video, audio } = clip;
  const samplesOf = (frames: readonly ClipFrame[], fromMs: number, toMs: number): TsSample[] =>
    frames
      .filter((frame) => frame.dtsMs >= fromMs && frame.dtsMs < toMs)
      .map((frame) => ({
        dts90k: frame.dtsMs * 90 + offset90k,
        pts90k: (frame.dtsMs + frame.compositionOffsetMs) * 90 + offset90k,
        isSync: frame.isSync,
        data: frame.data,
      }));
  const borders =
    video === undefined
      ? audio!.frames.filter((_, index) => index % 20 === 0).map((frame) => frame.dtsMs)
      : video.frames.filter((frame) => frame.isSync).map((frame) => frame.dtsMs);
  return borders.map((border, index) => {
    const fromMs = index === 0 ? Number.NEGATIVE_INFINITY : border;
    const toMs = borders[index + 1] ?? Number.POSITIVE_INFINITY;
    return writeTsSegment({
      ...(video && { video: { config: video.config, samples: samplesOf(video.frames, fromMs, toMs) } }),
      ...(audio && { audio: { config: audio.config, samples: samplesOf(audio.frames, fromMs, toMs) } }),
    });
  });
}
