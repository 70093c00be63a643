import { expect, test } from 'vitest';
import type { PlayLogView } from '../support/players/play-log.ts';
import { ledgerOf } from './sessions-ledger.ts';

const heights = { 360: 'source', 180: '180p' };

function log(members: Partial<PlayLogView> = {}): PlayLogView {
  return {
    ...{ wishedAtMs: 1000, playingAtMs: 1600, movedAtMs: 1700, playedMs: 8000, readAtMs: 10_000 },
    ...{ standstills: [], heights: [{ atMs: 1500, height: 360 }], events: [], ...members },
  };
}

test('a start is from the wish to the first picture, and unknown where there was none', () => {
  expect(ledgerOf(log(), heights)).toMatchObject({ wishedAtMs: 1000, startupMs: 600, playedMs: 8000 });
  const never = log({ playingAtMs: undefined, movedAtMs: undefined, heights: [] });
  expect(ledgerOf(never, heights)).toMatchObject({ startupMs: undefined, qualities: [] });
});

test('a viewer leaves when its log is read, and a picture that stands then has stood until then', () => {
  const standstills = [
    { fromMs: 3000, toMs: 3400 },
    { fromMs: 9000, toMs: undefined },
  ];
  expect(ledgerOf(log({ standstills }), heights)).toMatchObject({ leftAtMs: 10_000, standstillsMs: [400, 1000] });
});

test('only waiting after the first picture counts', () => {
  const events = [
    ...[1100, 1600, 1601, 5000].map((atMs) => ({ atMs, name: 'waiting' })),
    { atMs: 6000, name: 'seeking' },
  ];
  expect(ledgerOf(log({ events }), heights).waits).toBe(2);
  const never = log({ events, playingAtMs: undefined });
  expect(ledgerOf(never, heights).waits).toBe(0);
});

test('of what was there before the picture moved only the last was seen, from when it moved', () => {
  const shown = [
    { atMs: 1400, height: 360 },
    { atMs: 1500, height: 180 },
    { atMs: 1700, height: 360 },
    { atMs: 4000, height: 720 },
  ];
  expect(ledgerOf(log({ heights: shown }), heights).qualities).toEqual([
    { atMs: 1700, rendition: '180p' },
    { atMs: 1700, rendition: 'source' },
    { atMs: 4000, rendition: '720?' },
  ]);
});
