import { expect, test } from 'vitest';
import { LineReader, readLogLine, tellsOfDamagedInput } from '../../src/transcode/ffmpeg-log.ts';

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
