import { expect, test } from 'vitest';
import { heavierClip } from '../../src/bench/heavier-clip.ts';
import { classifyAvcFrame } from '../../src/media/avc/access-unit.ts';
import { sampleClip } from '../../src/publisher/sample-clip.ts';

test('filler makes a clip as heavy as is wanted, and every frame stays what it was', async () => {
  const clip = await sampleClip();
  const heavy = heavierClip(clip, 2_500_000);
  const frames = heavy.tags.filter(({ type, isFrame }) => type === 'video' && isFrame);
  const bytes = frames.reduce((sum, { body }) => sum + body.length, 0);
  expect((bytes * 8000) / clip.durationMs / 2_500_000).toBeCloseTo(1, 1);
  const before = clip.tags.filter(({ type, isFrame }) => type === 'video' && isFrame);
  for (const [index, { body }] of frames.entries()) {
    const kind = classifyAvcFrame(body.subarray(5), 4);
    expect(kind).toBe(classifyAvcFrame(before[index]!.body.subarray(5), 4));
  }
});
