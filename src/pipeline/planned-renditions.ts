import type { PlannedRendition } from '../stream/feed.ts';
import type { LadderPlan, PlannedRung } from '../transcode/ladder.ts';

/** Peak of a segment by average bit rate, where the buffer of the encoder holds one second (measured: 1.06). */
const peakRatio = 1.1;

/** What viewers are told of a rung before there is any media of it. */
export function plannedRendition(rung: PlannedRung, isOnDemand: boolean): PlannedRendition {
  const { name, codecString, widthPixels, heightPixels, fps, bitrateBps } = rung;
  return {
    ...{ name, codecString, widthPixels, heightPixels },
    frameRate: fps,
    averageBps: bitrateBps,
    peakBps: Math.round(bitrateBps * peakRatio),
    ...(isOnDemand && { isOnDemand }),
  };
}

/** A rung in the source's place is made anew when it may have that much more bits. */
const betterBitrateRatio = 1.3;

/** Whether it is worth to go over to another plan. */
export function isBetter(plan: LadderPlan, before: LadderPlan): boolean {
  if (namesOf(plan) !== namesOf(before)) return true;
  const [top, topBefore] = [plan.rungs[0], before.rungs[0]];
  return (top?.bitrateBps ?? 0) > betterBitrateRatio * (topBefore?.bitrateBps ?? 0);
}

function namesOf({ rungs, keyframes }: LadderPlan): string {
  return `${keyframes} ${rungs.map(({ name }) => name).join(' ')}`;
}
