import { expect, test } from 'vitest';
import { ResponseReader } from '../../src/load/response-reader.ts';

const answer = (body: string, headers = '') =>
  Buffer.from(`HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`);

test('answers are read however they are cut', () => {
  const bytes = answer('hello');
  for (let cut = 1; cut < bytes.length; cut++) {
    const reader = new ResponseReader();
    expect(reader.read(bytes.subarray(0, cut), true)).toBe('more');
    expect(reader.isFresh).toBe(false);
    expect(reader.read(bytes.subarray(cut), true)).toBe('whole');
    expect(reader.status).toBe(200);
    expect(reader.takeBody().toString()).toBe('hello');
    expect(reader.isFresh).toBe(true);
  }
});

test('one reader reads one answer after the other, and keeps only the bodies that are wanted', () => {
  const reader = new ResponseReader();
  expect(reader.read(answer('a segment'), false)).toBe('whole');
  expect(reader.takeBody()).toHaveLength(0);
  expect(reader.read(answer('a playlist', 'Connection: close\r\n'), true)).toBe('whole');
  expect(reader.takeBody().toString()).toBe('a playlist');
  expect(reader.isLast).toBe(true);
});

test('a kept body outlives the buffer it was read into', () => {
  const reader = new ResponseReader();
  const shared = answer('playlist');
  reader.read(shared, true);
  shared.fill(0);
  expect(reader.takeBody().toString()).toBe('playlist');
});

test('what cannot be counted, and what was not asked for, is malformed', () => {
  const cases = [
    'SSH-2.0-OpenSSH\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    `${answer('four')}more`,
    'x'.repeat(20_000),
  ];
  for (const text of cases) expect(new ResponseReader().read(Buffer.from(text), false)).toBe('malformed');
});

test('half an answer is forgotten with its connection', () => {
  const reader = new ResponseReader();
  reader.read(answer('hello').subarray(0, -2), true);
  reader.reset();
  expect(reader.read(answer('again'), true)).toBe('whole');
  expect(reader.takeBody().toString()).toBe('again');
});
