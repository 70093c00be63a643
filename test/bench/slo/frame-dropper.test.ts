import { expect, test } from 'vitest';
import type { ClipTag } from '../../../src/publisher/flv-clip.ts';
import { FrameDropper } from './frame-dropper.ts';

const tag = (type: ClipTag['type'], firstByte: number, isFrame = true): ClipTag => ({
  ...{ type, isFrame, offsetMs: 0, body: new Uint8Array([firstByte, 1]) },
});
const keyframe = tag('video', 0x17);
const picture = tag('video', 0x27);

test('pictures are left out while too much waits, and then until a keyframe', () => {
  const dropper = new FrameDropper(100);
  const sent = [
    dropper.isSent(picture, 100),
    dropper.isSent(picture, 101),
    dropper.isSent(picture, 0),
    dropper.isSent(keyframe, 101),
    dropper.isSent(keyframe, 100),
    dropper.isSent(picture, 0),
  ];
  expect(sent).toEqual([true, false, false, false, true, true]);
  expect(dropper.dropped).toBe(3);
});

test('sound and headers are sent whatever waits', () => {
  const dropper = new FrameDropper(100);
  expect(dropper.isSent(tag('audio', 0xaf), 1000)).toBe(true);
  expect(dropper.isSent(tag('video', 0x17, false), 1000)).toBe(true);
  expect(dropper.dropped).toBe(0);
});
