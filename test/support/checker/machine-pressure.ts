import { readFileSync } from 'node:fs';

const sampleMs = 25;

/**
 * How long this machine had work that waited for a processor (Linux pressure stall information). Encoder, server and checker
 * share it: what comes late because nobody could run is no finding.
 */
export class MachinePressure {
  private readonly samples: { readonly atMs: number; readonly stalledUs: number }[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;

  start(): void {
    this.sample();
    this.timer = setInterval(() => this.sample(), sampleMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Milliseconds of stall between two times of `performance.now()`; 0 where the system does not tell. */
  stalledMs(fromMs: number, toMs: number): number {
    const before = this.samples.findLast(({ atMs }) => atMs <= fromMs) ?? this.samples[0];
    const after = this.samples.findLast(({ atMs }) => atMs <= toMs) ?? before;
    return before === undefined || after === undefined ? 0 : Math.max(0, after.stalledUs - before.stalledUs) / 1000;
  }

  private sample(): void {
    const stalledUs = readStalledUs();
    if (stalledUs === undefined) return;
    this.samples.push({ atMs: performance.now(), stalledUs });
    if (this.samples.length > 4000) this.samples.splice(0, 2000); // a minute is kept at least
  }
}

function readStalledUs(): number | undefined {
  try {
    return Number(/^some .*total=(\d+)/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
