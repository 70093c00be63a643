import { performance } from 'node:perf_hooks';

const intervalMs = 1000;

export interface LoopFigures {
  /** How late a timer was that was due in this second: a sample, not a maximum, because looking oftener costs more than it tells. */
  readonly loopDelayMs: number;
  /** Share of the second in which the event loop was busy. */
  readonly loopUtilization: number;
}

/** Tells once a second how this thread's event loop does. The returned function ends it. */
export function monitorLoop(tell: (figures: LoopFigures) => void): () => void {
  let before = performance.eventLoopUtilization();
  let dueMs = performance.now() + intervalMs;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    tell({ loopDelayMs: Math.max(0, Math.round((nowMs - dueMs) * 10) / 10), loopUtilization: utilization });
    dueMs = nowMs + intervalMs;
  }, intervalMs);
  return () => clearInterval(timer);
}
