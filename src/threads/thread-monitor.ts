import { PerformanceObserver, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { TimeHistogram, type TimeHistogramFigures } from '../base/time-histogram.ts';

const intervalMs = 1000;
const delayBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const pauseBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export interface ThreadFigures {
  /** How late a timer was that was due in this second: a sample, not a maximum, because looking oftener costs more than it tells. */
  readonly loopDelayMs: number;
  /** Share of the second in which the event loop was busy. */
  readonly loopUtilization: number;
  /** Of the thread's own heap: objects that are used, and memory outside that they hold. */
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** All those delays since the thread began. */
  readonly loopDelays: TimeHistogramFigures;
  /** How long the thread stood still to collect its garbage. */
  readonly garbagePauses: TimeHistogramFigures;
}

/** Tells once a second how this thread does; when it rests by itself, that is no work. The returned function ends it. */
export function monitorThread(
  tell: (figures: ThreadFigures) => void,
  rests: { readonly restedMs: number } = { restedMs: 0 },
): () => void {
  let before = performance.eventLoopUtilization();
  let restedMs = 0;
  let dueMs = performance.now() + intervalMs;
  const delays = new TimeHistogram(delayBounds);
  const pauses = new TimeHistogram(pauseBounds);
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.add(duration / 1000);
  });
  observer.observe({ entryTypes: ['gc'] });
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const now = performance.eventLoopUtilization();
    const { active, idle } = performance.eventLoopUtilization(now, before);
    const workedMs = Math.max(0, active - (rests.restedMs - restedMs));
    before = now;
    restedMs = rests.restedMs;
    // Asked of V8 itself: process.memoryUsage() opens a file, and throws where no descriptor is left.
    const { used_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
    const loopDelayMs = Math.max(0, Math.round((nowMs - dueMs) * 10) / 10);
    delays.add(loopDelayMs / 1000);
    tell({
      loopDelayMs,
      loopUtilization: workedMs / (active + idle),
      heapBytes,
      externalBytes,
      loopDelays: delays.figures(),
      garbagePauses: pauses.figures(),
    });
    dueMs = nowMs + intervalMs;
  }, intervalMs);
  return () => {
    clearInterval(timer);
    observer.disconnect();
  };
}
