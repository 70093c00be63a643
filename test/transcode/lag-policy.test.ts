import { describe, expect, test } from 'vitest';
import { LagPolicy, type LagReaction } from '../../src/transcode/lag-policy.ts';

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
