import { describe, expect, test } from 'vitest';
import { SessionTime } from '../../src/transcode/session-time.ts';

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
