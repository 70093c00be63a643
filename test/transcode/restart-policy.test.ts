import { describe, expect, test } from 'vitest';
import { RestartPolicy } from '../../src/transcode/restart-policy.ts';

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
