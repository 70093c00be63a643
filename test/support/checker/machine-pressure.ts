import { readFileSync } from 'node:fs';

const sampleMs = 25;
/** The unit of /proc/stat: a hundredth of a second, wherever Linux runs. */
const statTickUs = 10_000;

interface Sample {
  readonly atMs: number;
  /** What the system has told so far: work that waited for a processor, processors that were taken away. */
  readonly systemUs: number;
  /** How long, in all, this process did not get to look. */
  readonly blindMs: number;
}

/**
 * How long this machine could not work or this process could not look: tasks that waited for a processor (pressure stall
 * information), processors the hypervisor gave to others (steal), and a timer of our own that came late. Encoder, server and
 * checker share the machine: what comes late because nobody could run, or was seen late, is no finding.
 */
export class MachinePressure {
  private readonly samples: Sample[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;

  start(): void {
    this.sample();
    this.timer = setInterval(() => this.sample(), sampleMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Milliseconds of stall between two times of `performance.now()`. */
  stalledMs(fromMs: number, toMs: number): number {
    const before = this.samples.findLast(({ atMs }) => atMs <= fromMs) ?? this.samples[0];
    if (before === undefined) return 0;
    const after = this.samples.findLast(({ atMs }) => atMs <= toMs) ?? before;
    // Since the last sample this process may not have looked: its timer is not allowed to run before the answer is judged.
    const sinceMs = Math.max(0, Math.min(toMs, performance.now()) - after.atMs - sampleMs);
    const systemMs = (after.systemUs - before.systemUs) / 1000;
    return Math.max(systemMs, after.blindMs - before.blindMs + sinceMs);
  }

  private sample(): void {
    const atMs = performance.now();
    const last = this.samples.at(-1);
    const lateMs = last === undefined ? 0 : Math.max(0, atMs - last.atMs - sampleMs);
    this.samples.push({
      atMs,
      systemUs: waitedUs() + stolenUs(),
      blindMs: (last?.blindMs ?? 0) + lateMs,
    });
    if (this.samples.length > 4000) this.samples.splice(0, 2000); // a minute is kept at least
  }
}

function waitedUs(): number {
  return numberIn('/proc/pressure/cpu', /^some .*total=(\d+)/m);
}

function stolenUs(): number {
  return numberIn('/proc/stat', /^cpu +(?:\d+ +){7}(\d+)/) * statTickUs;
}

/** 0 where the system does not tell. */
function numberIn(file: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
