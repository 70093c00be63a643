import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** CPU time of the whole machine since its start, in its own ticks. */
export interface MachineTicks {
  readonly busy: number;
  readonly all: number;
}

/** What else the machine was doing when something was measured. */
export interface MachineLoad {
  readonly cores: number;
  /** Processes that ran or waited for a core, over the last minute. */
  readonly loadAverage: number;
  /** Share of all cores that others used while we did nothing. */
  readonly busyRatio: number;
  /** Whether measurements say less about the machine than about that. */
  readonly isBusy: boolean;
}

const lookMs = 700;
const busyFrom = 0.25;

/** Looks at the machine for most of a second, in which the caller should do nothing else. */
export async function lookAtMachine(signal: AbortSignal): Promise<MachineLoad> {
  const before = readTicks();
  await delay(lookMs, undefined, { signal });
  const busyRatio = ratioBetween(before, readTicks());
  return { ...staticLoad(), busyRatio, isBusy: busyRatio >= busyFrom };
}

/** Share of all cores that were busy between two looks. */
function ratioBetween(before: MachineTicks, after: MachineTicks): number {
  const all = after.all - before.all;
  return all <= 0 ? 0 : (after.busy - before.busy) / all;
}

export function readTicks(): MachineTicks {
  return ticksOf(readFileSync('/proc/stat', 'latin1'));
}

/** The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal (proc(5)). */
export function ticksOf(stat: string): MachineTicks {
  const fields = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').slice(0, 8).map(Number);
  const all = fields.reduce((sum, value) => sum + value, 0);
  const [, , , idle = 0, ioWait = 0] = fields;
  return { busy: all - idle - ioWait, all };
}

function staticLoad(): Pick<MachineLoad, 'cores' | 'loadAverage'> {
  return { cores: availableParallelism(), loadAverage: Math.round(loadavg()[0]! * 100) / 100 };
}

/** `2 cores, load average 0.30, 4 % in use by others`. */
export function loadText({ cores, loadAverage, busyRatio }: MachineLoad): string {
  const name = cores === 1 ? '1 core' : `${cores} cores`;
  return `${name}, load average ${loadAverage.toFixed(2)}, ${Math.round(busyRatio * 100)} % in use before measuring`;
}
