import { expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/track.ts';
import { Timeline } from '../../src/stream/timeline.ts';

const hourMs = 3_600_000;
const frameMs = 100;

/** Deterministic, 0 to 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function frame(kind: 'video' | 'audio', dtsMs: number): AccessUnit {
  return { kind, dtsMs, compositionOffsetMs: 0, isSync: true, data: new Uint8Array(0) };
}

/** How far stream time is from when frames were sent, over hours, of a publisher whose clock is `ppm` too fast. */
function follow(ppm: number, hours: number, maxJitterMs: number) {
  const timeline = new Timeline(0, 0);
  const random = randomFrom(7);
  let worstMs = 0;
  let lastMs = -frameMs;
  let jumps = 0;
  const distances = new Set<number>();
  for (let n = 0; n * frameMs < hours * hourMs; n++) {
    const dtsMs = n * frameMs;
    const sentMs = dtsMs / (1 + ppm / 1e6);
    const { unit, jumped } = timeline.place(frame('video', dtsMs), sentMs + random() * maxJitterMs);
    if (jumped) jumps++;
    distances.add(unit.dtsMs - lastMs);
    lastMs = unit.dtsMs;
    worstMs = Math.max(worstMs, Math.abs(unit.dtsMs - sentMs));
  }
  return { worstMs, distances: [...distances].sort((a, b) => a - b), repaired: timeline.nonMonotonicFrames + jumps };
}

test.each([200, -200])('a clock that is %d ppm off is followed for hours, a millisecond at a time', (ppm) => {
  const { worstMs, distances, repaired } = follow(ppm, 3, 40);
  expect(worstMs).toBeLessThan(120); // it would be 2.2 s
  expect(distances).toEqual(ppm > 0 ? [frameMs - 1, frameMs] : [frameMs, frameMs + 1]);
  expect(repaired).toBe(0);
});

test('a good clock is taken as it is, on whatever network', () => {
  expect(follow(0, 2, 900).distances).toEqual([frameMs]);
});

test('a line that falls ten seconds behind for a minute moves next to nothing, and that comes back', () => {
  const timeline = new Timeline(0, 0);
  const offMs = (n: number, lateMs: number) =>
    timeline.place(frame('video', n * frameMs), n * frameMs + lateMs).unit.dtsMs - n * frameMs;
  let n = 0;
  for (; n < 1200; n++) expect(offMs(n, 5)).toBe(0);
  let most = 0;
  for (; n < 1800; n++) most = Math.max(most, Math.abs(offMs(n, 10_000)));
  expect(most).toBeLessThan(40);
  let last = 0;
  for (; n < 6000; n++) last = offMs(n, 5);
  expect(Math.abs(last)).toBeLessThanOrEqual(50);
});

test('sound and picture are moved together', () => {
  const timeline = new Timeline(0, 0);
  const apart = new Set<number>();
  for (let dtsMs = 0; dtsMs < hourMs; dtsMs += frameMs) {
    const arrivalMs = dtsMs * 1.0003;
    const video = timeline.place(frame('video', dtsMs), arrivalMs).unit.dtsMs;
    const audio = timeline.place(frame('audio', dtsMs + 10), arrivalMs + 10).unit.dtsMs;
    apart.add(audio - video);
  }
  expect(
    [...apart].every((ms) => ms === 10 || ms === 11),
    [...apart].join(),
  ).toBe(true);
});
