import { expect, test } from 'vitest';
import { RenditionTrace } from '../rendition-trace.ts';
import { listingDelays } from './listing-delays.ts';

/** Four segments of two parts of five frames, 40 ms apart; each part is here `lateMs` after its last frame was sent. */
function trace(lateMs: number, isStamped = false): RenditionTrace {
  const made = new RenditionTrace('http://host/index.m3u8');
  for (let number = 0; number < 40; number++) {
    const partEnd = Math.floor(number / 5) * 5 + 4;
    made.frames.set(number * 40_000, {
      ...{ atMs: partEnd * 40 + lateMs, msn: Math.floor(number / 10), stamp: isStamped ? number : undefined },
    });
  }
  return made;
}

const sentAtMs = Array.from({ length: 40 }, (_, number) => number * 40);
const source = trace(10, true);

test('parts and segments are as late as their first frame is old when their last is here', () => {
  const delays = listingDelays({ source, rungs: [], sentAtMs, fromMs: 0, toMs: 10_000 });
  expect(delays.partsMs).toEqual(Array.from({ length: 8 }, () => 170));
  // The first segment was perhaps joined in its middle, the last is not over.
  expect(delays.segmentsMs).toEqual([370, 370]);
  expect(delays.skewsMs).toEqual([]);
});

test('a rung is apart from the source by how much later it has the same segments', () => {
  const delays = listingDelays({ source, rungs: [trace(110)], sentAtMs, fromMs: 0, toMs: 10_000 });
  expect(delays.skewsMs).toEqual([100, 100]);
  expect(delays.segmentsMs).toEqual([370, 370, 470, 470]);
});

test('what came before or after is left out', () => {
  const delays = listingDelays({ source, rungs: [trace(110)], sentAtMs, fromMs: 800, toMs: 1000 });
  expect(delays.partsMs).toEqual([170, 270]);
  expect(delays.segmentsMs).toEqual([470]);
});
