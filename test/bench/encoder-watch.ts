import { readdirSync, readFileSync } from 'node:fs';
import { ffmpegChildren } from '../support/ffmpeg-children.ts';

const sampleMs = 100;

/** The ffmpegs below a server's process: which run, and what all of them have used, also those that are gone. */
export class EncoderWatch {
  private readonly serverPid: number;
  private readonly cpuMsByPid = new Map<number, number>();
  private readonly timer: NodeJS.Timeout;

  constructor(serverPid: number) {
    this.serverPid = serverPid;
    this.timer = setInterval(() => this.look(), sampleMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Of all that were seen, up to a tenth of a second before the end of those that ended. */
  cpuMs(): number {
    this.look();
    return [...this.cpuMsByPid.values()].reduce((sum, cpuMs) => sum + cpuMs, 0);
  }

  /** Of the server alone, so far. */
  serverCpuMs(): number {
    return cpuMsOf(this.serverPid) ?? 0;
  }

  pids(): number[] {
    return ffmpegChildren(this.serverPid);
  }

  private look(): void {
    for (const pid of this.pids()) {
      const cpuMs = cpuMsOf(pid);
      if (cpuMs !== undefined) this.cpuMsByPid.set(pid, cpuMs);
    }
  }
}

/** From the scheduler's nanosecond counters: /proc/PID/stat counts in steps of 10 ms. Undefined when it is gone. */
export function cpuMsOf(pid: number): number | undefined {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`).map((task) => words(`/proc/${pid}/task/${task}/schedstat`)[0]);
    return tasks.reduce((sum, nanoseconds) => sum + Number(nanoseconds ?? 0), 0) / 1e6;
  } catch {
    return undefined;
  }
}

function words(file: string): string[] {
  return contentOf(file).split(' ').filter(Boolean);
}

/** Empty when the process is gone. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
