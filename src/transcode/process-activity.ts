import { readdirSync, readFileSync } from 'node:fs';

/** What the system says of a process. */
export interface ProcessActivity {
  /** `stopped`: it will not do anything until it is told to go on. `waiting`: none of its threads wants the processor. */
  readonly state: 'running' | 'waiting' | 'stopped';
  /** Used so far, in ticks of the system (mostly 10 ms). */
  readonly cpuTicks: number;
}

/** Undefined where the system does not tell: the process is gone, or there is no /proc. proc(5), /proc/pid/stat. */
export function readProcessActivity(pid: number): ProcessActivity | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((id) => readStat(`/proc/${pid}/task/${id}/stat`));
    const cpuTicks = threads.reduce((sum, thread) => sum + thread.cpuTicks, 0);
    if (threads.some(({ letter }) => letter === 'T' || letter === 't')) return { state: 'stopped', cpuTicks };
    return { state: threads.some(({ letter }) => letter === 'R') ? 'running' : 'waiting', cpuTicks };
  } catch {
    return undefined;
  }
}

/** The name of a program may contain anything, even parentheses: fields are counted from behind the last. */
function readStat(path: string): { letter: string; cpuTicks: number } {
  const text = readFileSync(path, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { letter: fields[0]!, cpuTicks: Number(fields[11]) + Number(fields[12]) };
}
