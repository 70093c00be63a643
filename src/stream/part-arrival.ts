import type { DurationHistogram } from '../base/duration-histogram.ts';
import type { PartArrival } from './feed.ts';

/** So many frames stand for all of a part: they came evenly, but for a few milliseconds. */
const samples = 8;

/** Adds how old the frames of a part are now, from when they came; wall clock ms. */
export function addPartAges(histogram: DurationHistogram, { firstMs, lastMs }: PartArrival, nowMs: number): void {
  for (let sample = 0; sample < samples; sample++) {
    histogram.add(nowMs - firstMs - ((lastMs - firstMs) * sample) / (samples - 1));
  }
}
