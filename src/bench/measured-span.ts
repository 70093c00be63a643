import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type MachineTicks, readTicks } from '../doctor/machine-load.ts';
import type { MeasuredServer } from './measured-server.ts';

/** What a span of time cost. */
export interface SpanCost {
  /** Cores the server used. */
  readonly serverCores: number;
  /** Share of all cores that neither the server nor this process used, but somebody else. */
  readonly othersRatio: number;
}

/** Watches the server, this process and the whole machine for a span. */
export async function measureSpan(server: MeasuredServer, seconds: number, signal: AbortSignal): Promise<SpanCost> {
  const beganMs = performance.now();
  const before = { ticks: readTicks(), serverMs: server.cpuMs(), ownMs: ownCpuMs() };
  await delay(seconds * 1000, undefined, { signal });
  const elapsedMs = performance.now() - beganMs;
  const serverMs = server.cpuMs() - before.serverMs;
  const oursMs = serverMs + ownCpuMs() - before.ownMs;
  const busyMs = busyMsBetween(before.ticks, readTicks(), elapsedMs);
  const othersRatio = Math.max(0, busyMs - oursMs) / (elapsedMs * availableParallelism());
  return { serverCores: serverMs / elapsedMs, othersRatio: Math.min(1, othersRatio) };
}

function busyMsBetween(before: MachineTicks, after: MachineTicks, elapsedMs: number): number {
  const all = after.all - before.all;
  return all <= 0 ? 0 : ((after.busy - before.busy) / all) * elapsedMs * availableParallelism();
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
