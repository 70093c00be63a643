import { expect, test } from 'vitest';
import { type FfmpegProgress, ProgressReader } from '../../src/transcode/ffmpeg-progress.ts';

test('a progress report is complete with its last line', () => {
  const seen: FfmpegProgress[] = [];
  const reader = new ProgressReader((progress) => seen.push(progress));
  for (const line of ['frame=12', 'fps=30.0', 'speed= 1.02x', 'progress=continue']) reader.line(line);
  for (const line of ['frame=0', 'speed=N/A', 'progress=end']) reader.line(line);
  expect(seen).toEqual([
    { frames: 12, speed: 1.02 },
    { frames: 0, speed: undefined },
  ]);
});
