import type { StartupSource } from '../store/ports/session-store.ts';
import type { ExperienceSnapshot, Percentiles } from './ports.ts';
import type { ViewerSession } from './viewer-session.ts';

/** What these viewers experience together. */
export function experienceOf(sessions: readonly ViewerSession[]): ExperienceSnapshot {
  const startups = new Map<StartupSource, number[]>();
  const latencies: number[] = [];
  const totals = { watchMs: 0, stallMs: 0, stalls: 0, errors: 0, totalFrames: 0, droppedFrames: 0 };
  for (const session of sessions) {
    const { startupSource, startupMs, latencyMs } = session;
    if (startupSource !== undefined && startupMs !== undefined) {
      const known = startups.get(startupSource);
      if (known === undefined) startups.set(startupSource, [startupMs]);
      else known.push(startupMs);
    }
    if (latencyMs !== undefined) latencies.push(latencyMs);
    totals.watchMs += session.watchMs;
    totals.stallMs += session.stallMs;
    totals.stalls += session.stalls;
    totals.errors += session.errors;
    totals.totalFrames += session.totalFrames ?? 0;
    totals.droppedFrames += session.droppedFrames ?? 0;
  }
  const { watchMs, stallMs, ...counts } = totals;
  return {
    startupMs: Object.fromEntries([...startups].map(([source, values]) => [source, percentilesOf(values)!])),
    latencyMs: percentilesOf(latencies),
    rebufferRatio: watchMs + stallMs > 0 ? stallMs / (watchMs + stallMs) : null,
    ...counts,
  };
}

function percentilesOf(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!);
  return { p50: at(0.5), p95: at(0.95), count: sorted.length };
}
