import type { StreamMetrics } from '../contract/live-metrics.ts';

/** What a stream's health is judged by. */
export interface HealthSigns {
  readonly state: StreamMetrics['state'];
  readonly interruptedSince: string | null;
  /** Sentences about what the publisher sends. */
  readonly findings: readonly string[];
  readonly ladder: StreamMetrics['ladder'];
  readonly rebufferRatio: number | null;
  /** Share of frames that are lost on their way from the publisher. */
  readonly droppedRatio: number;
}

const fairRebufferRatio = 0.01;
const poorRebufferRatio = 0.05;
const poorDroppedRatio = 0.05;

/** Whether viewers get what they should: poor where they miss pictures, fair where they miss quality. */
export function healthOf(signs: HealthSigns): Pick<StreamMetrics, 'health' | 'warnings'> {
  const poor = [...standstill(signs), ...losses(signs)];
  const fair = [...signs.findings, ...ladderTroubles(signs.ladder), ...stalls(signs.rebufferRatio)];
  const isPoor = poor.length > 0 || (signs.rebufferRatio ?? 0) >= poorRebufferRatio;
  const warnings = [...poor, ...fair];
  return { health: isPoor ? 'poor' : warnings.length > 0 ? 'fair' : 'good', warnings };
}

function standstill({ state, interruptedSince }: HealthSigns): string[] {
  if (state !== 'ACTIVE' || interruptedSince === null) return [];
  return [`The publisher has been away since ${interruptedSince}; viewers wait for its return.`];
}

function losses({ droppedRatio }: HealthSigns): string[] {
  if (droppedRatio < poorDroppedRatio) return [];
  return [`${percent(droppedRatio)} of the publisher's frames could not be used in the last minute.`];
}

function stalls(ratio: number | null): string[] {
  if (ratio === null || ratio < fairRebufferRatio) return [];
  return [`Viewers waited ${percent(ratio)} of their time for media in the last five minutes.`];
}

function ladderTroubles(ladder: StreamMetrics['ladder']): string[] {
  if (ladder === null) return [];
  if (ladder.state === 'degraded')
    return [sentence('Transcoding failed too often: viewers have the source alone', ladder.why)];
  const troubled = ladder.rungs.filter(({ state }) => state === 'withdrawn' || state === 'recovering');
  return troubled.map(({ name, state, why }) =>
    sentence(`${name} is ${state === 'withdrawn' ? 'not made now' : 'being recovered'}`, why),
  );
}

function sentence(what: string, why: string | null): string {
  return why === null || why === '' ? `${what}.` : `${what}: ${why}.`;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 1000) / 10} %`;
}
