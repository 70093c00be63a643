import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Finding, finding } from '../finding.ts';

/** Whether a container or unit may use less CPU than it sees: what is planned by the number of cores is then too much. */
export function checkCpuQuota(): Finding[] {
  try {
    return quotaFindings(readFileSync('/sys/fs/cgroup/cpu.max', 'latin1'), availableParallelism());
  } catch {
    return []; // no limits of this kind here
  }
}

/** `cpuMax` is the text of cgroup v2's cpu.max: `QUOTA PERIOD` in µs, or `max PERIOD`. */
export function quotaFindings(cpuMax: string, cores: number): Finding[] {
  const [quota = NaN, period = NaN] = cpuMax.trim().split(' ').map(Number);
  const allowedCores = quota / period;
  if (!(allowedCores < cores)) return [];
  const percent = Math.max(1, Math.floor((80 * allowedCores) / cores));
  return [
    finding('cpu-quota', 'warning', {
      found: `This container or unit may use ${allowedCores.toFixed(1)} of the ${cores} cores it sees.`,
      details: { percent },
      figures: { allowed_cores: Math.round(allowedCores * 100) / 100, cores },
    }),
  ];
}
