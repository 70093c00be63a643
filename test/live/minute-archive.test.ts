import { expect, test } from 'vitest';
import { MinuteArchive } from '../../src/live/minute-archive.ts';
import type { MinuteRow } from '../../src/store/ports/minute-store.ts';
import { ManualClock } from '../support/manual-clock.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const retentionMs = 24 * hourMs;

/** A store that takes rows when it is told to. */
class SlowStore {
  readonly saved: (readonly MinuteRow[])[] = [];
  readonly removals: { readonly atMs: number; readonly limit: number }[] = [];
  isAway = false;
  /** What the next removals say they removed; then nothing. */
  old: number[] = [];
  private waiting: (() => void)[] = [];
  private isSlow = false;

  async save(rows: readonly MinuteRow[]): Promise<void> {
    if (this.isSlow) await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.isAway) throw new Error('the store is away');
    this.saved.push(rows);
  }

  async removeBefore(atMs: number, limit: number): Promise<number> {
    this.removals.push({ atMs, limit });
    if (this.isAway) throw new Error('the store is away');
    return this.old.shift() ?? 0;
  }

  slow(): void {
    this.isSlow = true;
  }

  go(): void {
    this.isSlow = false;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  get rows(): readonly MinuteRow[] {
    return this.saved.flat();
  }
}

function rig() {
  const clock = new ManualClock();
  const store = new SlowStore();
  const warnings: string[] = [];
  const log = { warn: (_fields: unknown, sentence: string) => void warnings.push(sentence) };
  const archive = new MinuteArchive({ clock, minutes: store, retentionMs, log: log as never });
  return { clock, store, warnings, archive };
}

function minute(number: number): MinuteRow {
  return {
    ...{ streamId: 'st_a', atMs: number * minuteMs, viewers: 1, viewersPeak: 1, bitrateInBps: 1, bitrateOutBps: 1 },
    ...{ fps: 30, frames: 1800, droppedFrames: 0, latencyP50Ms: null, latencyP95Ms: null, rebufferRatio: null },
  };
}

function minutes(count: number, from = 0): MinuteRow[] {
  return Array.from({ length: count }, (_, index) => minute(from + index));
}

/** What is under way has come to its end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('without minutes nothing is written', async () => {
  const { store, archive } = rig();
  archive.tick();
  await settled();
  archive.tick();
  await archive.close();
  expect(store.saved).toEqual([]);
});

test('a minute is in the store with the next second', async () => {
  const { store, archive } = rig();
  archive.add([minute(1)]);
  expect(store.saved).toEqual([]);
  archive.tick();
  await settled();
  expect(store.saved).toEqual([[minute(1)]]);
  archive.tick();
  await settled();
  expect(store.saved).toHaveLength(1);
});

test('while the store writes it is left alone, and gets the rest together afterwards', async () => {
  const { store, archive } = rig();
  store.slow();
  archive.add([minute(1)]);
  archive.tick();
  for (const number of [2, 3]) {
    archive.add([minute(number)]);
    archive.tick();
  }
  store.go();
  await settled();
  archive.tick();
  await settled();
  expect(store.saved).toEqual([[minute(1)], [minute(2), minute(3)]]);
});

test('what a store that is away did not take is offered again, in order, and once it is back all of it is there', async () => {
  const { clock, store, warnings, archive } = rig();
  store.isAway = true;
  for (let number = 0; number < 5; number++) {
    archive.add([minute(number)]);
    archive.tick();
    await settled();
    clock.advance(1000);
  }
  store.isAway = false;
  archive.tick();
  await settled();
  expect(store.rows).toEqual(minutes(5));
  expect(archive.rowsLost).toBe(0);
  // Five times in vain, said once in a minute.
  expect(warnings.filter((sentence) => sentence.includes('could not be saved'))).toHaveLength(1);
});

test('of too many the oldest are given up, and counted', async () => {
  const { store, archive } = rig();
  archive.add(minutes(12_000));
  expect(archive.rowsLost).toBe(0);
  archive.add(minutes(3, 12_000));
  expect(archive.rowsLost).toBe(3);
  await archive.close();
  expect(store.rows).toEqual(minutes(12_000, 3));
});

test('rows go out 500 at a time', async () => {
  const { store, archive } = rig();
  archive.add(minutes(1200));
  for (let second = 0; second < 3; second++) {
    archive.tick();
    await settled();
  }
  expect(store.saved.map(({ length }) => length)).toEqual([500, 500, 200]);
});

test('the end waits for what is being written, and writes the rest', async () => {
  const { store, archive } = rig();
  store.slow();
  archive.add(minutes(700));
  archive.tick();
  let isClosed = false;
  const closing = archive.close().then(() => {
    isClosed = true;
  });
  await settled();
  expect(isClosed).toBe(false);
  store.go();
  await closing;
  expect(store.rows).toEqual(minutes(700));
});

test('the end does not wait for a store that is away', async () => {
  const { store, archive } = rig();
  store.isAway = true;
  archive.add(minutes(700));
  await archive.close();
  expect(store.rows).toEqual([]);
});

test('what is older than it is to be kept goes at the start, then every hour', async () => {
  const { clock, store, archive } = rig();
  const startedMs = clock.wallMs();
  const hours = [];
  for (let looks = 0; looks <= 2 * 60; looks++) {
    archive.tick();
    await settled();
    if (store.removals.length > hours.length) hours.push(looks / 60);
    clock.advance(minuteMs);
  }
  expect(hours).toEqual([0, 1, 2]);
  expect(store.removals.map(({ atMs }) => atMs - startedMs + retentionMs)).toEqual([0, hourMs, 2 * hourMs]);
});

test('where there is more than a breath of it, it goes on with the next second', async () => {
  const { clock, store, archive } = rig();
  store.old = [2000, 2000, 13];
  for (let second = 0; second < 10; second++) {
    archive.tick();
    await settled();
    clock.advance(1000);
  }
  expect(store.removals.map(({ limit }) => limit)).toEqual([2000, 2000, 2000]);
});

test('what cannot be removed is tried again an hour later, and minutes are written all the same', async () => {
  const { clock, store, warnings, archive } = rig();
  store.isAway = true;
  archive.tick();
  await settled();
  store.isAway = false;
  archive.add([minute(1)]);
  archive.tick();
  await settled();
  expect(store.rows).toHaveLength(1);
  expect(store.removals).toHaveLength(1);
  clock.advance(hourMs);
  archive.tick();
  await settled();
  expect(store.removals).toHaveLength(2);
  expect(warnings).toEqual(['minutes of streams whose time is over could not be removed']);
});
