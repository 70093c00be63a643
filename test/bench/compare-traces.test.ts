import { expect, test } from 'vitest';
import { compareTraces } from './compare-traces.ts';
import { RenditionTrace } from './rendition-trace.ts';

const frameUs = 40_000;

/** Five segments of two parts of five frames, each here `lateMs` after its time; `leftOut` frames never came. */
function trace(lateMs: number, leftOut: readonly number[] = [], isStamped = false): RenditionTrace {
  const made = new RenditionTrace('http://host/index.m3u8');
  for (let number = 0; number < 50; number++) {
    if (leftOut.includes(number)) continue;
    const atMs = number * 40 + lateMs;
    if (number % 5 === 4) made.parts.set(`${Math.floor(number / 10)}.${Math.floor((number % 10) / 5)}`, atMs);
    made.frames.set(number * frameUs, { atMs, msn: Math.floor(number / 10), stamp: isStamped ? number : undefined });
  }
  return made;
}

const sentAtMs = Array.from({ length: 50 }, (_, number) => number * 40);
const source = trace(100, [], true);

test('a rung in step has equal segments, its lag is that of its parts and its age that of its frames', () => {
  const figures = compareTraces(source, trace(160), sentAtMs, 0);
  expect(figures).toMatchObject({ frames: 50, missing: 0, segments: 3, same_start: 3, same_frames: 3 });
  expect(figures.lag_ms).toMatchObject({ count: 10, p50: 60, max: 60 });
  expect(figures.age_ms).toMatchObject({ count: 50, p50: 160, max: 160 });
});

test('frames that are missing are counted, in their segments too; those before the rung began are not', () => {
  const figures = compareTraces(source, trace(160, [0, 1, 2, 20, 35]), sentAtMs, 0);
  expect(figures).toMatchObject({ frames: 45, missing: 2, segments: 3, same_start: 2, same_frames: 1 });
});

test('frames that were sent before the measuring count for neither lag nor age', () => {
  const { lag_ms: lag, age_ms: age } = compareTraces(source, trace(160), sentAtMs, 1000);
  expect([lag?.count, age?.count]).toEqual([6, 25]);
});
