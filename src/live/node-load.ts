import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';

const ticksPerSecond = 100; // USER_HZ, which every Linux has shown to programs since 2.6

/** Cores that this process and its children are using, between one look and the next. */
export class NodeLoad {
  private readonly clock: Clock;
  private lastMs: number;
  private lastOwnMs = ownCpuMs();
  private lastChildMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.clock = clock;
    this.lastMs = clock.monotonicMs();
  }

  cpuCores(): number {
    const nowMs = this.clock.monotonicMs();
    const ownMs = ownCpuMs();
    const childMs = childrenCpuMs();
    let usedMs = ownMs - this.lastOwnMs;
    for (const [pid, ms] of childMs) usedMs += ms - (this.lastChildMs.get(pid) ?? 0);
    const elapsedMs = nowMs - this.lastMs;
    this.lastMs = nowMs;
    this.lastOwnMs = ownMs;
    this.lastChildMs = childMs;
    return elapsedMs <= 0 ? 0 : Math.round((usedMs / elapsedMs) * 100) / 100;
  }
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function childrenCpuMs(): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of childPids()) {
    try {
      // The name of the program may hold spaces: what is counted stands behind its bracket (proc_pid_stat(5)).
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
      found.set(pid, ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond);
    } catch {
      // it has just ended
    }
  }
  return found;
}

function childPids(): string[] {
  try {
    return readdirSync('/proc/self/task').flatMap((task) => {
      const children = readFileSync(`/proc/self/task/${task}/children`, 'latin1').trim();
      return children === '' ? [] : children.split(' ');
    });
  } catch {
    return []; // no Linux, or a thread has just ended
  }
}
