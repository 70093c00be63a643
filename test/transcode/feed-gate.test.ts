import { expect, test } from 'vitest';
import { FeedGate } from '../../src/transcode/feed-gate.ts';

function frame(ptsMs: number, isSync: boolean, data = Uint8Array.of(0, 0, 0, 1, 0x41)) {
  return { dtsMs: ptsMs, ptsMs, isSync, data };
}

test('skipping ends at the first keyframe that finds ffmpeg caught up', () => {
  const gate = new FeedGate();
  expect(gate.admits(frame(0, false), 'avc', 9000)).toBe(true);
  gate.skipToKeyframe();
  expect(gate.admits(frame(33, false), 'avc', 100)).toBe(false);
  expect(gate.admits(frame(66, true), 'avc', 2000)).toBe(false);
  expect(gate.admits(frame(100, true), 'avc', 900)).toBe(true);
  expect(gate.admits(frame(133, false), 'avc', 900)).toBe(true);
  expect(gate.isSkipping).toBe(false);
});

test('frames that no other needs are left out only while that is asked for', () => {
  const gate = new FeedGate();
  const disposable = frame(0, false, Uint8Array.of(0, 0, 0, 1, 0x01));
  expect(gate.admits(disposable, 'avc', 0)).toBe(true);
  gate.dropsDisposable = true;
  expect(gate.admits(disposable, 'avc', 0)).toBe(false);
  expect(gate.admits(frame(33, false), 'avc', 0)).toBe(true);
});
