import { expect, test } from 'vitest';
import { LineReader, readLogLine, tellsOfDamagedInput } from '../../src/transcode/ffmpeg-log.ts';
import { type FfmpegProgress, ProgressReader } from '../../src/transcode/ffmpeg-progress.ts';
import { JpegSplitter } from '../../src/transcode/jpeg-splitter.ts';

test('a log line is read without addresses, so that equal lines are equal', () => {
  expect(readLogLine('[h264 @ 0x55832ebf7cc0] [error] no frame!')).toEqual({ level: 'error', text: 'h264: no frame!' });
  expect(readLogLine('[warning] speed is low')).toEqual({ level: 'warning', text: 'speed is low' });
  expect(readLogLine('[out#0 @ 0x1] [fatal] broken')).toEqual({ level: 'fatal', text: 'out#0: broken' });
  expect(readLogLine('Conversion failed!')).toEqual({ level: 'warning', text: 'Conversion failed!' });
});

test('lines about damaged pictures are known by their words', () => {
  expect(tellsOfDamagedInput('pipe:0: corrupt decoded frame in stream 0')).toBe(true);
  expect(tellsOfDamagedInput('h264: error while decoding MB 3 4, bytestream -5')).toBe(true);
  expect(tellsOfDamagedInput('not enough frames to estimate rate')).toBe(false);
});

test('lines come whole, however their bytes arrive, and one that never ends takes no memory', () => {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  const bytes = Buffer.from('first ünï\r\nsecond\n\nthird\n');
  for (const byte of bytes) reader.push(Uint8Array.of(byte));
  expect(lines).toEqual(['first ünï', 'second', 'third']);
  for (let i = 0; i < 1000; i++) reader.push(Buffer.alloc(10_000, 'x'));
  reader.push(Buffer.from('\n'));
  expect(lines[3]).toHaveLength(1000);
});

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

test('a picture that never ends is given up, and the next one is read', () => {
  const jpegs: Uint8Array[] = [];
  const splitter = new JpegSplitter((jpeg) => jpegs.push(jpeg));
  for (let i = 0; i < 40; i++) splitter.push(new Uint8Array(50_000));
  splitter.push(Uint8Array.of(0xff, 0xd9, 0xff, 0xd8, 1, 2, 0xff));
  splitter.push(Uint8Array.of(0xd9));
  expect(jpegs).toEqual([Uint8Array.of(0xff, 0xd8, 1, 2, 0xff, 0xd9)]);
});
