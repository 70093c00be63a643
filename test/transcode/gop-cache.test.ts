import { describe, expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/track.ts';
import { GopCache } from '../../src/transcode/gop-cache.ts';

function unit(dtsMs: number, isSync = false, compositionOffsetMs = 0, sizeBytes = 10): AccessUnit {
  return { kind: 'video', dtsMs, compositionOffsetMs, isSync, data: new Uint8Array(sizeBytes) };
}

describe('the GOP cache', () => {
  test('begins with a keyframe', () => {
    const cache = new GopCache(1000);
    cache.add(unit(0));
    expect(cache.frames).toEqual([]);
    cache.add(unit(10, true));
    cache.add(unit(20));
    expect(cache.frames.map((frame) => frame.dtsMs)).toEqual([10, 20]);
    expect(cache.sizeBytes).toBe(20);
  });

  test('keeps copies: what was lent for the call may be reused', () => {
    const cache = new GopCache(1000);
    const lent = unit(0, true);
    cache.add(lent);
    lent.data.fill(7);
    expect(cache.frames[0]?.data).toEqual(new Uint8Array(10));
  });

  test('keeps the GOP in which the released time is shown, and what is newer', () => {
    const cache = new GopCache(1000);
    for (const at of [0, 100, 200, 300]) {
      cache.add(unit(at, true));
      cache.add(unit(at + 50));
    }
    cache.release(99);
    expect(cache.frames[0]?.dtsMs).toBe(0);
    cache.release(250);
    expect(cache.frames[0]?.dtsMs).toBe(200);
    cache.release(99_999);
    expect(cache.frames.map((frame) => frame.dtsMs)).toEqual([300, 350]);
    expect(cache.sizeBytes).toBe(20);
  });

  test('is bounded in bytes: whole GOPs go, the oldest first, and a GOP that is too large keeps nothing', () => {
    const cache = new GopCache(100);
    for (let at = 0; at < 200; at += 10) {
      cache.add(unit(at, at % 50 === 0));
      expect(cache.sizeBytes).toBeLessThanOrEqual(100);
      expect(cache.frames[0]?.isSync ?? true).toBe(true);
    }
    for (let at = 200; at < 500; at += 10) cache.add(unit(at));
    expect(cache.frames).toEqual([]);
    cache.add(unit(500, true));
    expect(cache.frames).toHaveLength(1);
  });

  test('a minute of 8 Mbit/s without a keyframe takes no more than is allowed, and nothing once that is used up', () => {
    const maxBytes = 16 << 20;
    const cache = new GopCache(maxBytes);
    let mostBytes = 0;
    for (let frame = 0; frame < 1800; frame++) {
      cache.add(unit(frame * 33, frame === 0, 0, 33_333));
      mostBytes = Math.max(mostBytes, cache.sizeBytes);
    }
    expect(mostBytes).toBeLessThanOrEqual(maxBytes);
    expect(cache.sizeBytes).toBe(0);
    expect(cache.frames).toEqual([]);
  });

  test('names the next frame shown only when none that is still to come could be shown before it', () => {
    const cache = new GopCache(1000);
    cache.add(unit(0, true, 66)); // I at 66
    cache.add(unit(33, false, 133)); // P at 166
    expect(cache.firstAfter(66)).toBeUndefined(); // a B-frame at 100 may come
    cache.add(unit(66, false, 34)); // B at 100
    expect(cache.firstAfter(66)).toBeUndefined(); // one at 90 would still be possible
    cache.add(unit(100, false, 33)); // B at 133
    expect(cache.firstAfter(66)).toBe(100);
    expect(cache.firstAfter(100)).toBeUndefined();
  });

  test('keeps the newest GOP alone when asked to', () => {
    const cache = new GopCache(1000);
    for (const at of [0, 10, 20, 30, 40]) cache.add(unit(at, at === 0 || at === 30));
    cache.keepNewestGop();
    expect(cache.frames.map((frame) => frame.dtsMs)).toEqual([30, 40]);
    cache.clear();
    expect(cache.sizeBytes).toBe(0);
  });
});
