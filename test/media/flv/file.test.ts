import { expect, test } from 'vitest';
import { FlvReader, type FlvTag, writeFlvHeader, writeFlvTag } from '../../../src/media/flv/file.ts';
import { makeFlv } from '../clips.ts';
import { hex } from '../hex.ts';

function tagsOf(reader: FlvReader): FlvTag[] {
  const tags: FlvTag[] = [];
  for (let tag = reader.next(); tag !== undefined; tag = reader.next()) tags.push(tag);
  return tags;
}

test('a file of ffmpeg is read in pieces of any size and written back byte for byte', () => {
  const file = makeFlv({ seconds: 1 });
  const whole = new FlvReader();
  whole.push(file);
  const expected = tagsOf(whole);
  expect(expected.length).toBeGreaterThan(70);
  for (const pieceBytes of [1, 7, 1000]) {
    const reader = new FlvReader();
    const tags: FlvTag[] = [];
    for (let at = 0; at < file.length; at += pieceBytes) {
      reader.push(file.subarray(at, at + pieceBytes));
      tags.push(...tagsOf(reader));
    }
    expect(tags).toEqual(expected);
  }
  const written = [writeFlvHeader({ hasAudio: true, hasVideo: true }), ...expected.map(writeFlvTag)];
  expect(Buffer.concat(written).equals(file)).toBe(true);
});

test('time stamps above 24 bits use the extension byte', () => {
  const tag = { type: 'audio', timestampMs: 0xfe000001, body: hex('af01') } as const;
  const bytes = writeFlvTag(tag);
  expect(bytes).toEqual(hex('08 000002 000001 fe 000000 af01 0000000d'));
  const reader = new FlvReader();
  reader.push(writeFlvHeader({ hasAudio: true, hasVideo: false }));
  reader.push(bytes);
  expect(reader.next()).toEqual(tag);
});

test('tags of unknown type are passed over', () => {
  const reader = new FlvReader();
  reader.push(writeFlvHeader({ hasAudio: true, hasVideo: true }));
  reader.push(hex('0f 000001 000000 00 000000 ff 0000000c'));
  reader.push(writeFlvTag({ type: 'video', timestampMs: 1, body: hex('17') }));
  expect(reader.next()).toMatchObject({ type: 'video' });
});

test('what is not FLV is refused', () => {
  const reader = new FlvReader();
  reader.push(hex('000000186674797069736f6d'));
  expect(() => reader.next()).toThrow(expect.objectContaining({ code: 'MEDIA_MALFORMED' }));
});
