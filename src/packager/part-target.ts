/** By how much a part may be over before rounding to its target: RTMP's milliseconds make 15 frames of 33.3 ms last 501. */
export const partToleranceMs = 2;

/**
 * PART-TARGET for a frame interval. The wanted one, unless whole frames cannot fill 85 % of it (RFC 8216bis §4.4.4.9):
 * then as many whole frames as fit, and at least one.
 */
export function choosePartTargetMs(wantedMs: number, frameIntervalMs: number): number {
  const frames = Math.floor((wantedMs + partToleranceMs) / frameIntervalMs);
  if (frames * frameIntervalMs >= 0.85 * wantedMs) return wantedMs;
  return Math.ceil(Math.max(frames, 1) * frameIntervalMs) + partToleranceMs;
}
