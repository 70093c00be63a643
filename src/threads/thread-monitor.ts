import { performance } from 'node:perf_hooks';

const intervalMs = 1000;

export interface ThreadFigures {
  /** How late a timer was that was due in this second: a sample, not a maximum, because looking oftener costs more than it tells. */
  readonly loopDelayMs: number;
  /** Share of the second in which the event loop was busy. */
  readonly loopUtilization: number;
  /** Of the thread's own heap: objects that are used, and memory outside that they hold. */
  readonly heapBytes: number;
  readonly externalBytes: number;
}

/** Tells once a second how this thread does; when it rests by itself, that is no work. The returned function ends it. */
export function monitorThread(
  tell: (figures: ThreadFigures) => void,
  rests: { readonly restedMs: number } = { restedMs: 0 },
): () => void {
  let before = performance.eventLoopUtilization();
  let restedMs = 0;
  let dueMs = performance.now() + intervalMs;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const now = performance.eventLoopUtilization();
    const { active, idle } = performance.eventLoopUtilization(now, before);
    const workedMs = Math.max(0, active - (rests.restedMs - restedMs));
    before = now;
    restedMs = rests.restedMs;
    const { heapUsed: heapBytes, external: externalBytes } = process.memoryUsage();
    tell({
      loopDelayMs: Math.max(0, Math.round((nowMs - dueMs) * 10) / 10),
      loopUtilization: workedMs / (active + idle),
      heapBytes,
      externalBytes,
    });
    dueMs = nowMs + intervalMs;
  }, intervalMs);
  return () => clearInterval(timer);
}
