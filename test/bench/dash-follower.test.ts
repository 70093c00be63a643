import { expect, test } from 'vitest';
import { endOfLastMdat, readLowLatencyMpd } from './dash-follower.ts';

const mpd = (template: string) =>
  `<MPD availabilityStartTime="2026-01-01T00:00:00.500Z"><BaseURL>../st_1/</BaseURL><Period id="p1" start="PT10.25S">
<SegmentTemplate timescale="90000" media="source/segment-$Number$.m4s" startNumber="7" duration="180000" ${template}/></Period></MPD>`;

test('an MPD with segments that are still being made says where and when they are', () => {
  expect(readLowLatencyMpd(mpd('availabilityTimeOffset="1.5" availabilityTimeComplete="false"'))).toEqual({
    media: '../st_1/source/segment-$Number$.m4s',
    startNumber: 7,
    segmentMs: 2000,
    startMs: Date.UTC(2026, 0, 1) + 10_750,
    availabilityOffsetMs: 1500,
  });
  expect(readLowLatencyMpd(mpd(''))).toBeUndefined();
});

test('a chunk counts when its mdat is whole', () => {
  const box = (type: string, sizeBytes: number) => {
    const bytes = Buffer.alloc(sizeBytes);
    bytes.writeUInt32BE(sizeBytes);
    bytes.write(type, 4);
    return bytes;
  };
  const two = Buffer.concat([box('moof', 20), box('mdat', 30), box('moof', 20), box('mdat', 40)]);
  const ends = [...two.keys(), two.length].map((sizeBytes) => endOfLastMdat(two.subarray(0, sizeBytes)));
  expect(ends.indexOf(50)).toBe(50);
  expect(ends.indexOf(110)).toBe(110);
  expect(new Set(ends)).toEqual(new Set([0, 50, 110]));
});
