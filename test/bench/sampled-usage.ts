import { type ProcessUsage, readProcessUsage } from '../../src/load/process-usage.ts';

/** Memory of a server over a measurement, in MiB: at its start, halfway, and at its end. */
export interface UsageFigures {
  /** Of one core. */
  readonly core_percent: number;
  readonly rss_mib: readonly [number, number, number];
  readonly pss_mib: readonly [number, number, number];
}

/** Looks at a server three times while `wait` passes `seconds`. */
export async function sampleUsage(
  pid: number,
  seconds: number,
  wait: (ms: number) => Promise<void>,
): Promise<UsageFigures> {
  const beganMs = performance.now();
  const start = readProcessUsage(pid);
  await wait(seconds * 500);
  const middle = readProcessUsage(pid);
  await wait(beganMs + seconds * 1000 - performance.now());
  const end = readProcessUsage(pid);
  const elapsedMs = performance.now() - beganMs;
  const mebibytes = (of: (usage: ProcessUsage) => number): [number, number, number] => [
    tenths(of(start) / 2 ** 20),
    tenths(of(middle) / 2 ** 20),
    tenths(of(end) / 2 ** 20),
  ];
  return {
    core_percent: tenths((100 * (end.cpuMs - start.cpuMs)) / elapsedMs),
    rss_mib: mebibytes(({ residentBytes }) => residentBytes),
    pss_mib: mebibytes(({ proportionalBytes }) => proportionalBytes),
  };
}

export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
