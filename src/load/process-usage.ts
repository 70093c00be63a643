import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its descendants have used so far, and hold now. */
export interface ProcessUsage {
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** Resident memory with pages shared among processes counted once. */
  readonly proportionalBytes: number;
}

/** Reads /proc for `pid` and every process below it. Throws when `pid` is gone. */
export function readProcessUsage(pid: number): ProcessUsage {
  let cpuMs = cpuMsOf(pid);
  let { residentBytes, proportionalBytes } = memoryOf(pid);
  for (const child of childrenOf(pid)) {
    try {
      const below = readProcessUsage(child);
      cpuMs += below.cpuMs;
      residentBytes += below.residentBytes;
      proportionalBytes += below.proportionalBytes;
    } catch {
      // A child that ended between the two looks holds nothing any more.
    }
  }
  return { cpuMs, residentBytes, proportionalBytes };
}

/** User and system time of all threads that live, from the scheduler's nanosecond counters: /proc/PID/stat counts in steps of 10 ms. */
function cpuMsOf(pid: number): number {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0]);
  }
  return nanoseconds / 1e6;
}

function memoryOf(pid: number): { residentBytes: number; proportionalBytes: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0);
  return { residentBytes: kibibytes('Rss') * 1024, proportionalBytes: kibibytes('Pss') * 1024 };
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}
