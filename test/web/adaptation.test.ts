import { expect, test } from 'vitest';
import { DroppedFrames, levelForSize } from '../../src/web/watch/quality-cap.ts';
import { type ChoiceFacts, QualityChoice } from '../../src/web/watch/quality-choice.ts';
import { QualityHistory } from '../../src/web/watch/quality-history.ts';
import { ThroughputMeter } from '../../src/web/watch/throughput-meter.ts';
import { outlookOf, type TransferUnderWay } from '../../src/web/watch/transfer-outlook.ts';

/** 360p, 480p and a source of 3.4 Mbit/s, each with its sound. */
const levelBps = [900_000, 1_500_000, 3_500_000];
const noCap = { level: 2, reason: 'player-size' } as const;

/** Bytes that take `ms` at `bps`. */
const bytesOf = (bps: number, ms: number) => (bps * ms) / 8000;

test('a part that had to be waited for tells of the network only what it took to come', () => {
  const meter = new ThroughputMeter();
  expect(meter.bps).toBeUndefined();
  // Half a second of 1 Mbit/s in 100 ms, twice a second: mostly nothing comes, because there is nothing yet.
  for (let at = 0; at < 5000; at += 500)
    meter.add({ firstByteMs: at, endMs: at + 100, bytes: bytesOf(5_000_000, 100) });
  expect(meter.bps).toBeCloseTo(5_000_000, -3);
});

test('picture and sound that come side by side share one network', () => {
  const meter = new ThroughputMeter();
  meter.add({ firstByteMs: 0, endMs: 1000, bytes: bytesOf(3_000_000, 1000) });
  meter.add({ firstByteMs: 500, endMs: 1000, bytes: bytesOf(2_000_000, 500) });
  expect(meter.bps).toBeCloseTo(4_000_000, -3);
});

test('a fall is believed at once, a rise when it has lasted', () => {
  const meter = new ThroughputMeter();
  const add = (atMs: number, bps: number) => {
    meter.add({ firstByteMs: atMs, endMs: atMs + 400, bytes: bytesOf(bps, 400) });
  };
  for (let at = 0; at < 4000; at += 500) add(at, 5_000_000);
  for (let at = 4000; at < 5500; at += 500) add(at, 1_000_000);
  expect(meter.bps).toBeLessThan(1_100_000);
  for (let at = 5500; at < 7000; at += 500) add(at, 5_000_000);
  expect(meter.bps).toBeLessThan(4_500_000);
  for (let at = 7000; at < 12_000; at += 500) add(at, 5_000_000);
  expect(meter.bps).toBeCloseTo(5_000_000, -3);
});

/** A part of half a second of the source, `ms` after its first byte came at `bps`. */
function part(bps: number, ms: number, change: Partial<TransferUnderWay> = {}): TransferUnderWay {
  const place = { mediaSeconds: 0.5, beforeSeconds: 0.5, segmentSeconds: 2 };
  const { totalBytes = bytesOf(3_400_000, 500) } = change;
  const loadedBytes = Math.min(totalBytes, bytesOf(bps, ms));
  const times = { sinceRequestMs: ms + 40, sinceFirstByteMs: ms };
  return { ...times, ...place, totalBytes, loadedBytes, ...change };
}

const lowLatency = { bufferSeconds: 1.2, lowestBps: levelBps[0]! };

test('a part that will come too late is given up after a fraction of a second', () => {
  expect(outlookOf(part(1_000_000, 100), lowLatency)).toBe('wait');
  expect(outlookOf(part(1_000_000, 400), lowLatency)).toBe('give-up');
  const silent = { sinceRequestMs: 900, sinceFirstByteMs: undefined, loadedBytes: 0 };
  expect(outlookOf(part(0, 0, silent), lowLatency)).toBe('give-up');
  expect(outlookOf(part(0, 0, { ...silent, sinceRequestMs: 400 }), lowLatency)).toBe('wait');
});

test('a part that comes in time, or is nearly there, is waited for', () => {
  for (let ms = 50; ms <= 350; ms += 50) {
    expect(outlookOf(part(5_000_000, ms), lowLatency)).toBe('wait');
    // The same, as a browser tells of it: in pieces of 64 kB.
    const loadedBytes = Math.floor(bytesOf(5_000_000, ms) / 65_536) * 65_536;
    expect(outlookOf(part(5_000_000, ms, { loadedBytes }), lowLatency), `${ms} ms`).toBe('wait');
  }
  const nearly = part(1_000_000, 1600, { totalBytes: bytesOf(1_000_000, 1700) });
  expect(outlookOf(nearly, { ...lowLatency, bufferSeconds: 0.1 })).toBe('wait');
});

test('behind the last part of a segment the next quality begins at once, so it is waited for unless it takes too long', () => {
  const last = { beforeSeconds: 1.5 };
  expect(outlookOf(part(1_000_000, 400, last), lowLatency)).toBe('fall-behind-it');
  expect(outlookOf(part(1_000_000, 400, { ...last, totalBytes: 600_000 }), lowLatency)).toBe('give-up');
});

test('who has much in the buffer does not throw away what is half loaded, but goes on in a lower quality', () => {
  const segment = { totalBytes: bytesOf(3_400_000, 2000), mediaSeconds: 2, beforeSeconds: 0, segmentSeconds: 2 };
  expect(outlookOf(part(1_700_000, 2400, segment), { ...lowLatency, bufferSeconds: 8 })).toBe('fall-behind-it');
  expect(outlookOf(part(1_000_000, 1000, segment), { ...lowLatency, bufferSeconds: 8 })).toBe('give-up');
});

function facts(change: Partial<ChoiceFacts>): ChoiceFacts {
  const network = { throughputBps: 5_000_000, bestBps: change.throughputBps ?? 5_000_000, bufferSeconds: 1.2 };
  return { levelBps, current: 2, cap: noCap, ...network, isAtBoundary: true, nowMs: 0, ...change };
}

test('it falls at once, as far as it must', () => {
  const choice = new QualityChoice();
  expect(choice.next(facts({ throughputBps: 3_600_000 }))).toBeUndefined();
  expect(choice.next(facts({ throughputBps: 3_000_000 }))).toEqual({ level: 1, reason: 'bandwidth' });
  expect(choice.next(facts({ throughputBps: 1_000_000 }))).toEqual({ level: 0, reason: 'bandwidth' });
  expect(choice.givenUp(facts({}), 2_500_000)).toEqual({ level: 1, reason: 'bandwidth' });
  expect(choice.givenUp(facts({ current: 1 }), 9_000_000)).toEqual({ level: 0, reason: 'bandwidth' });
});

/** How a viewer climbs from the lowest quality with this much throughput: times of the steps, ms. */
function climb(throughputBps: number, forMs: number): number[] {
  const choice = new QualityChoice();
  let current = 0;
  choice.switchedTo(0, 0);
  const steps: number[] = [];
  for (let nowMs = 0; nowMs < forMs; nowMs += 100) {
    const next = choice.next(facts({ throughputBps, current, nowMs }));
    if (next === undefined) continue;
    expect(next.level).toBe(current + 1);
    current = next.level;
    choice.switchedTo(current, nowMs);
    steps.push(nowMs);
  }
  return steps;
}

test('it climbs step by step, at the latest in 15 s to what there is room for', () => {
  expect(climb(5_000_000, 60_000)).toHaveLength(2);
  expect(climb(5_000_000, 15_000)).toHaveLength(2);
  // Of little room it is careful, of none it stays where it is.
  expect(climb(3_600_000, 15_000)).toHaveLength(2);
  expect(climb(3_600_000, 6000)).toHaveLength(1);
  expect(climb(1_400_000, 60_000)).toHaveLength(0);
});

test('what had to be left soon is tried again later and later', () => {
  const choice = new QualityChoice();
  let nowMs = 0;
  choice.switchedTo(1, nowMs);
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    const leftAtMs = nowMs;
    while (choice.next(facts({ current: 1, nowMs })) === undefined) nowMs += 100;
    pauses.push(nowMs - leftAtMs);
    choice.switchedTo(2, nowMs);
    nowMs += 1000;
    choice.switchedTo(1, nowMs);
  }
  expect(pauses).toEqual([2500, 8000, 16_000, 32_000]);
});

test('what one transfer has shown is tried, where the others do not speak against it altogether', () => {
  const choice = new QualityChoice();
  const busy = facts({ current: 1, nowMs: 100_000, throughputBps: 3_000_000, bestBps: 4_000_000 });
  expect(choice.next(busy)).toEqual({ level: 2, reason: 'bandwidth' });
  expect(choice.next({ ...busy, bestBps: 3_000_000 })).toBeUndefined();
  expect(choice.next({ ...busy, throughputBps: 2_000_000 })).toBeUndefined();
});

test('it climbs between segments, where nothing is fetched twice', () => {
  const choice = new QualityChoice();
  const late = facts({ current: 1, nowMs: 100_000 });
  expect(choice.next({ ...late, isAtBoundary: false })).toBeUndefined();
  expect(choice.next(late)).toBeDefined();
});

test('it does not climb from an empty buffer, nor above the cap', () => {
  const choice = new QualityChoice();
  const late = facts({ current: 1, nowMs: 100_000 });
  expect(choice.next(late)).toEqual({ level: 2, reason: 'bandwidth' });
  expect(choice.next({ ...late, bufferSeconds: 0.2 })).toBeUndefined();
  const cap = { level: 1, reason: 'dropped-frames' } as const;
  expect(choice.next({ ...late, cap })).toBeUndefined();
  expect(choice.next({ ...late, cap, current: 2 })).toEqual({ level: 1, reason: 'dropped-frames' });
  expect(choice.first({ levelBps, cap: { ...cap, level: 0 } }, 3_000_000)).toEqual({ level: 0, reason: 'startup' });
  expect(choice.first({ levelBps, cap: noCap }, 3_000_000)).toEqual({ level: 1, reason: 'startup' });
});

const sizes = [
  { width: 640, height: 360 },
  { width: 854, height: 480 },
  { width: 1280, height: 720 },
];

test.each([
  [320, 180, 0],
  [700, 394, 0],
  [800, 450, 1],
  [1600, 900, 2],
  [390, 700, 0], // a telephone held upright: the width counts
])('a player of %i × %i needs quality %i', (widthPixels, heightPixels, level) => {
  expect(levelForSize(sizes, { widthPixels, heightPixels })).toBe(level);
});

test('a device that drops pictures for six seconds is spared a quality for a minute', () => {
  const dropped = new DroppedFrames();
  const look = (second: number, drops: number) => {
    dropped.look({ total: second * 30, dropped: drops }, 2, second * 1000);
    return dropped.levelCap(second * 1000);
  };
  expect([look(0, 0), look(3, 0), look(6, 30), look(9, 30), look(12, 60)]).toEqual(Array(5).fill(undefined));
  expect(look(15, 90)).toBe(1);
  expect(dropped.levelCap(74_000)).toBe(1);
  expect(dropped.levelCap(76_000)).toBeUndefined();
});

test('the history has each switch once, and of very many the newest', () => {
  const history = new QualityHistory();
  history.add({ atMs: 1, rendition: 'source', reason: 'startup' });
  history.add({ atMs: 2, rendition: 'source', reason: 'bandwidth' });
  expect(history.switches).toEqual([{ atMs: 1, rendition: 'source', reason: 'startup' }]);
  for (let i = 0; i < 500; i++) history.add({ atMs: i, rendition: i % 2 ? '480p' : '360p', reason: 'bandwidth' });
  expect(history.switches).toHaveLength(200);
  expect(history.count).toBe(501);
  expect(history.switches.at(-1)).toMatchObject({ atMs: 499 });
});
