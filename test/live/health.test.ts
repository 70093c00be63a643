import { expect, test } from 'vitest';
import { type HealthSigns, healthOf } from '../../src/live/health.ts';
import { rung, streamMetricsOf } from '../support/live-metrics.ts';

const { ladder } = streamMetricsOf('show');

const well: HealthSigns = {
  ...{ state: 'ACTIVE', interruptedSince: null, findings: [], ladder, rebufferRatio: 0, droppedRatio: 0 },
};

function signs(members: Partial<HealthSigns>): HealthSigns {
  return { ...well, ...members };
}

test('where nothing is wrong there is nothing to say', () => {
  expect(healthOf(well)).toEqual({ health: 'good', warnings: [] });
});

test('without a ladder, and without anybody who watches, nothing is wrong either', () => {
  expect(healthOf(signs({ ladder: null, rebufferRatio: null }))).toEqual({ health: 'good', warnings: [] });
});

test('a publisher that is away is poor, with the time since when', () => {
  const { health, warnings } = healthOf(signs({ interruptedSince: '2026-11-23T10:00:00.000Z' }));
  expect(health).toBe('poor');
  expect(warnings).toEqual([
    'The publisher has been away since 2026-11-23T10:00:00.000Z; viewers wait for its return.',
  ]);
});

test('who is away from what has not begun, or is over, keeps nobody waiting', () => {
  for (const state of ['PENDING_INGEST', 'ENDED_GRACEFULLY', 'ERROR'] as const)
    expect(healthOf(signs({ state, interruptedSince: '2026-11-23T10:00:00.000Z' })).health).toBe('good');
});

test.each([
  { ratio: 0.0499, health: 'good', warnings: [] },
  { ratio: 0.05, health: 'poor', warnings: ["5 % of the publisher's frames could not be used in the last minute."] },
  { ratio: 1, health: 'poor', warnings: ["100 % of the publisher's frames could not be used in the last minute."] },
])('$ratio of all frames lost is $health', ({ ratio, ...expected }) => {
  expect(healthOf(signs({ droppedRatio: ratio }))).toEqual(expected);
});

test.each([
  { ratio: 0.0099, health: 'good', share: [] },
  { ratio: 0.01, health: 'fair', share: ['1 %'] },
  { ratio: 0.0499, health: 'fair', share: ['5 %'] },
  { ratio: 0.05, health: 'poor', share: ['5 %'] },
])('viewers who wait $ratio of their time are $health', ({ ratio, health, share }) => {
  const told = healthOf(signs({ rebufferRatio: ratio }));
  expect(told.health).toBe(health);
  expect(told.warnings).toEqual(
    share.map((one) => `Viewers waited ${one} of their time for media in the last five minutes.`),
  );
});

test('what the publisher should change is fair, in its words', () => {
  const findings = ['Keyframes come every 9.6 s.'];
  expect(healthOf(signs({ findings }))).toEqual({ health: 'fair', warnings: findings });
});

test('a quality that is not made now is fair, with the reason as far as it is known', () => {
  const rungs = [
    rung('720p', 720, 'withdrawn', { why: 'the machine is too slow' }),
    rung('480p', 480, 'recovering'),
    rung('360p', 360, 'withheld', { why: 'the CPU budget does not allow it' }),
    rung('240p', 240, 'live'),
  ];
  expect(healthOf(signs({ ladder: { ...ladder!, rungs } }))).toEqual({
    health: 'fair',
    warnings: ['720p is not made now: the machine is too slow.', '480p is being recovered.'],
  });
});

test('of a ladder that was given up only that is said', () => {
  const rungs = [rung('720p', 720, 'withdrawn')];
  expect(healthOf(signs({ ladder: { ...ladder!, state: 'degraded', why: 'ffmpeg crashes', rungs } }))).toEqual({
    health: 'fair',
    warnings: ['Transcoding failed too often: viewers have the source alone: ffmpeg crashes.'],
  });
});

test('the worst decides, and everything is said, the worst first', () => {
  const { health, warnings } = healthOf(signs({ droppedRatio: 0.2, findings: ['Odd.'], rebufferRatio: 0.02 }));
  expect(health).toBe('poor');
  expect(warnings.map((sentence) => sentence.slice(0, 4))).toEqual(['20 %', 'Odd.', 'View']);
});
