import { expect, test } from 'vitest';
import { SourceMeter } from '../../src/pipeline/source-meter.ts';

/** Frames of `fps` for `seconds` from `fromMs` on; gives how often there was a new measure. */
function feed(meter: SourceMeter, fps: number, seconds: number, frameBytes: number, fromMs = 10_000): number {
  let news = 0;
  for (let frame = 0; frame < fps * seconds; frame++) {
    const dtsMs = fromMs + (frame * 1000) / fps;
    const unit = {
      kind: 'video',
      dtsMs,
      compositionOffsetMs: 0,
      isSync: false,
      data: new Uint8Array(frameBytes),
    } as const;
    if (meter.add(unit)) news++;
    meter.add({ ...unit, kind: 'audio' });
  }
  return news;
}

test('a source is known after its first second, by its own time', () => {
  const meter = new SourceMeter();
  expect(feed(meter, 30, 1, 10_000)).toBe(0);
  expect(meter.measured).toBeUndefined();
  expect(feed(meter, 30, 0.1, 10_000, 11_000)).toBe(1);
  expect(meter.measured).toEqual({ fps: 30, bitrateBps: 2_400_000 });
});

test('a picture that stands still at first does not make a source of few bits', () => {
  const meter = new SourceMeter();
  feed(meter, 25, 2, 100);
  expect(meter.measured?.bitrateBps).toBe(20_000);
  feed(meter, 25, 8, 12_500, 12_000);
  expect(meter.measured?.bitrateBps).toBeGreaterThan(1_900_000);
  const most = meter.measured?.bitrateBps;
  feed(meter, 25, 12, 100, 20_000);
  expect(meter.measured).toEqual({ fps: 25, bitrateBps: most });
});
