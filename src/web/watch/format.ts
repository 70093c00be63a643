/** Seconds as a viewer reads them: one decimal while that means something. */
export function formatLatency(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

export function formatBitrate(bitsPerSecond: number): string {
  return bitsPerSecond >= 1_000_000
    ? `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s`
    : `${Math.round(bitsPerSecond / 1000)} kbit/s`;
}

/**
 * Age of the frame on screen, seconds; `undefined` when the clocks disagree so much that it would be nonsense.
 * `clockAheadMs`: how far the viewer's clock is ahead of the server's.
 */
export function latencySeconds(frameWallMs: number, nowMs: number, clockAheadMs: number): number | undefined {
  const seconds = (nowMs - clockAheadMs - frameWallMs) / 1000;
  return seconds < 0 || seconds > 3600 ? undefined : seconds;
}
