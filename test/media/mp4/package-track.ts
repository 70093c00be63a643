import { type FragmentSample, writeFragment } from '../../../src/media/mp4/fragment-writer.ts';
import { writeInitSegment } from '../../../src/media/mp4/init-segment.ts';
import { type TrackConfig, timescaleOf } from '../../../src/media/track.ts';
import type { ClipFrame } from '../flv-clip.ts';

/** One track as CMAF: the init segment, then a segment from every sync frame (audio: every 20 frames). */
export function packageTrack(config: TrackConfig, frames: readonly ClipFrame[]): Uint8Array[] {
  const timescale = timescaleOf(config);
  const decodeTicks = frames.map((frame, index) =>
    config.kind === 'audio' ? index * config.samplesPerFrame : Math.round((frame.dtsMs * timescale) / 1000),
  );
  const originTicks = decodeTicks[0]!;
  const delayTicks = Math.round((frames[0]!.compositionOffsetMs * timescale) / 1000);
  const pieces: Uint8Array[] = [writeInitSegment(config, timescale)];
  const starts = frames.flatMap((frame, index) => {
    const isStart = config.kind === 'audio' ? index % 20 === 0 : frame.isSync;
    return isStart ? [index] : [];
  });
  for (const [number, start] of starts.entries()) {
    const end = starts[number + 1] ?? frames.length;
    const samples = frames.slice(start, end).map((frame, offset): FragmentSample => {
      const index = start + offset;
      const previousTicks = index > 0 ? decodeTicks[index]! - decodeTicks[index - 1]! : 1;
      return {
        sizeBytes: frame.data.length,
        durationTicks:
          decodeTicks[index + 1] === undefined ? previousTicks : decodeTicks[index + 1]! - decodeTicks[index]!,
        compositionOffsetTicks: Math.round((frame.compositionOffsetMs * timescale) / 1000) - delayTicks,
        isSync: frame.isSync,
      };
    });
    const baseDecodeTimeTicks = decodeTicks[start]! - originTicks;
    pieces.push(
      writeFragment({
        sequenceNumber: number + 1,
        baseDecodeTimeTicks,
        kind: config.kind,
        samples,
        sampleBytes: Buffer.concat(frames.slice(start, end).map((frame) => frame.data)),
        segmentStart: { producerReferenceTime: { ntpWallMs: 1_700_000_000_000, mediaTimeTicks: baseDecodeTimeTicks } },
      }),
    );
  }
  return pieces;
}
