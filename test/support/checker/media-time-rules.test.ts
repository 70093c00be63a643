import { expect, test } from 'vitest';
import { checkMediaTimes, checkTimesAcross, type TimedSegment } from './media-time-rules.ts';

/** Three segments of 2 s at 30 frames per second, correct in every respect. */
function story(changes: Partial<TimedSegment>[] = []): TimedSegment[] {
  return [0, 1, 2].map((index) => ({
    ...{ msn: 5 + index, discontinuitySequence: 0, duration: 2, frame: 1 / 30 },
    presentation: 10 + 2 * index,
    date: 1_790_000_000 + 2 * index,
    ...changes[index],
  }));
}

function found(judge: (report: (rule: string) => void) => void): string[] {
  const rules: string[] = [];
  judge((rule) => rules.push(rule));
  return rules;
}

test('what is in time has no findings, also behind a discontinuity or with a segment missing', () => {
  expect(found((report) => checkMediaTimes(story(), report))).toEqual([]);
  const jump = { presentation: 999, discontinuitySequence: 1 };
  expect(found((report) => checkMediaTimes(story([{}, {}, jump]), report))).toEqual([]);
  expect(found((report) => checkMediaTimes(story([{}, {}, { msn: 9, presentation: 999 }]), report))).toEqual([]);
  expect(found((report) => checkTimesAcross(story(), story(), report))).toEqual([]);
});

test('HLS-17 is found when durations do not add up to what is presented, within one frame', () => {
  expect(found((report) => checkMediaTimes(story([{ duration: 1.967 }]), report))).toEqual([]);
  expect(found((report) => checkMediaTimes(story([{ duration: 1.98 }, { duration: 1.98 }]), report))).toEqual([
    'HLS-17',
  ]);
  expect(found((report) => checkMediaTimes(story([{ duration: 0.2 }]), report))).toEqual(['HLS-17', 'HLS-17']);
});

test('HLS-12 is found when dates leave the media', () => {
  const late = { date: 1_790_000_002.05 };
  expect(found((report) => checkMediaTimes(story([{}, late]), report))).toEqual(['HLS-12']);
});

test('HLS-11 is found when renditions begin, last or are dated apart by more than one frame', () => {
  const base = story();
  expect(found((report) => checkTimesAcross(base, story([{}, { presentation: 12.03 }]), report))).toEqual([]);
  for (const change of [{ presentation: 12.05 }, { duration: 1.9 }, { date: 1_790_000_002.05 }]) {
    expect(found((report) => checkTimesAcross(base, story([{}, change]), report))).toEqual(['HLS-11']);
  }
  expect(found((report) => checkTimesAcross(base, story([{}, { msn: 99, duration: 0.2 }]), report))).toEqual([]);
  expect(found((report) => checkTimesAcross(base, story([{}, {}, { duration: 1.9 }]), report))).toEqual([]); // the last
});
