import { describe, expect, test } from 'vitest';
import type { AccessUnit } from '../../src/media/track.ts';
import { GopCache } from '../../src/transcode/gop-cache.ts';
import { LagPolicy, type LagReaction } from '../../src/transcode/lag-policy.ts';
import { RestartPolicy } from '../../src/transcode/restart-policy.ts';
import { SessionTime } from '../../src/transcode/session-time.ts';

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

describe('restarts', () => {
  test('come at growing distances, and after five in a minute the transcoder is left alone', () => {
    const policy = new RestartPolicy();
    expect([0, 100, 700, 1800, 3900].map((atMs) => policy.failed(atMs))).toEqual([0, 500, 1000, 2000, 4000]);
    expect(policy.failed(8000)).toBeUndefined();
  });

  test('that fail again after the rest are left alone again, until one has run for a minute', () => {
    const policy = new RestartPolicy();
    for (let at = 0; at < 6; at++) policy.failed(at);
    expect(policy.failed(30_100)).toBeUndefined();
    expect(policy.failed(60_200)).toBeUndefined();
    expect(policy.failed(60_200 + 95_000)).toBe(0);
  });

  test('that are a minute apart are each the first', () => {
    const policy = new RestartPolicy();
    expect([0, 60_000, 120_000, 180_000].map((atMs) => policy.failed(atMs))).toEqual([0, 0, 0, 0]);
  });
});

describe('lag', () => {
  /** Seconds with these lags, from `fromS` on; what was answered, with the second. */
  function run(policy: LagPolicy, lags: readonly number[], fromS = 0, canShed = true): [number, LagReaction][] {
    return lags.flatMap((lagMs, index) => {
      const reaction = policy.sample({ nowMs: (fromS + index) * 1000, lagMs, backlogBytes: 0, canShed });
      return reaction === undefined ? [] : [[fromS + index, reaction] as [number, LagReaction]];
    });
  }
  const times = (count: number, lagMs: number) => Array.from({ length: count }, () => lagMs);

  test('of a moment changes nothing', () => {
    expect(run(new LagPolicy(), [0, 900, 900, 100, 900, 900, 100, 1600, 1600, 80])).toEqual([]);
  });

  test('of half a second for three seconds leaves out frames that no other needs, until it is calm for five', () => {
    const policy = new LagPolicy();
    expect(run(policy, times(6, 600))).toEqual([[3, 'drop-non-reference']]);
    expect(run(policy, [100, 100, 100, 300, ...times(6, 100)], 6)).toEqual([[15, 'feed-all']]);
  });

  test('of a second and a half for three seconds costs the top rung, and again three seconds later the next', () => {
    expect(run(new LagPolicy(), times(9, 2000))).toEqual([
      [3, 'shed-rung'],
      [7, 'shed-rung'],
    ]);
  });

  test('with a single rung left skips when it is over four seconds', () => {
    expect(run(new LagPolicy(), [2000, 3000, 4100], 0, false)).toEqual([[2, 'skip-to-keyframe']]);
  });

  test('a backlog of eight megabytes skips at once', () => {
    const policy = new LagPolicy();
    const sample = { nowMs: 0, lagMs: 300, backlogBytes: (8 << 20) + 1, canShed: true };
    expect(policy.sample(sample)).toBe('skip-to-keyframe');
  });

  test('a rung that was given up is tried once more after a calm minute, and never a second time', () => {
    const policy = new LagPolicy();
    run(policy, times(4, 2000));
    expect(run(policy, times(62, 50), 4)).toEqual([[64, 'restore-rung']]);
    expect(run(policy, times(4, 2000), 66)).toEqual([[69, 'shed-rung']]);
    expect(run(policy, times(200, 50), 70)).toEqual([]);
  });

  test('behind a restart is no reason for anything until it had time to catch up', () => {
    const policy = new LagPolicy();
    policy.restarted(0, 3000, 20 << 20);
    expect(run(policy, times(13, 5000))).toEqual([]);
    expect(policy.sample({ nowMs: 12_000, lagMs: 5000, backlogBytes: 29 << 20, canShed: true })).toBe(
      'skip-to-keyframe',
    );
    expect(run(policy, [100, 600, 600, 600, 600], 13)).toEqual([[17, 'drop-non-reference']]);
  });
});

describe('session time', () => {
  test('gives back stream times exactly, whole or not', () => {
    const time = new SessionTime(1_234_567.891);
    const streamTimes = Array.from({ length: 50 }, (_, index) => 1_234_567.891 + index * 33 + (index > 20 ? 0.37 : 0));
    const sent = streamTimes.map((streamMs) => time.remember(streamMs));
    expect(sent[0]).toBe(10_000);
    expect(sent.every(Number.isInteger)).toBe(true);
    expect(sent.map((ptsMs) => time.toStream(ptsMs))).toEqual(streamTimes);
    time.forget(streamTimes[25]!);
    expect(time.toStream(sent[26]!)).toBe(streamTimes[26]);
    expect(time.toStream(sent[3]!)).toBeCloseTo(streamTimes[3]!, 5);
  });
});
