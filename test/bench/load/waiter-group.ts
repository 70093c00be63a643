import { requireOpenFiles } from './load-group.ts';
import { type Released, WaiterProcess } from './waiter-process.ts';

const waitersPerProcess = 10_000;
/** What a release may take before it has failed. */
const releaseTimeoutMs = 15_000;

/** One release of all waiters. */
export interface ReleaseFigures {
  readonly answered: number;
  /** From the first byte that any of them got to the end of the last answer. */
  readonly spread_ms: number;
  /** Before the first byte came, all had asked: only then were they all waiting. */
  readonly all_were_waiting: boolean;
  /** What the waiters' own processes used meanwhile. */
  readonly generator_cpu_ms: number;
  readonly errors: number;
}

/** Waiters over as many processes as they need. */
export class WaiterGroup {
  private readonly processes: readonly WaiterProcess[];

  constructor(playlistUrl: string, waiters: number) {
    const count = Math.ceil(waiters / waitersPerProcess);
    requireOpenFiles(Math.ceil(waiters / count) + 100);
    const { hostname: host, port, pathname: path } = new URL(playlistUrl);
    this.processes = Array.from({ length: count }, (_, index) => {
      const here = Math.ceil((waiters - index) / count);
      return new WaiterProcess({ host, port: Number(port), count: here, path, name: String(index) });
    });
  }

  async connected(signal: AbortSignal): Promise<void> {
    await Promise.all(this.processes.map((process) => process.connected(signal)));
  }

  /** All ask for `path`, and `release` is called when they have. Rejects when not all are answered in time. */
  async releaseOnce(path: string, release: () => Promise<void> | void, signal: AbortSignal): Promise<ReleaseFigures> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(releaseTimeoutMs)]);
    const rounds = this.processes.map((process) => process.ask(path, patience));
    await Promise.all(rounds.map(({ asked }) => asked));
    await release();
    return together(await Promise.all(rounds.map(({ released }) => released)));
  }

  /** All ask for `path`; resolves when they have, not when they are answered. */
  async ask(path: string, signal: AbortSignal): Promise<void> {
    await Promise.all(this.processes.map((process) => process.ask(path, signal).asked));
  }

  async vanish(signal: AbortSignal): Promise<void> {
    await Promise.all(this.processes.map((process) => process.vanish(signal)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
  }
}

export function together(all: readonly Released[]): ReleaseFigures {
  const firstByteMs = Math.min(...all.map((released) => released.firstByteMs));
  const lastAnswerMs = Math.max(...all.map((released) => released.lastAnswerMs));
  return {
    answered: all.reduce((sum, { answered }) => sum + answered, 0),
    spread_ms: Math.round((lastAnswerMs - firstByteMs) * 10) / 10,
    all_were_waiting: all.every(({ askedMs }) => askedMs < firstByteMs),
    generator_cpu_ms: Math.round(all.reduce((sum, { cpuMs }) => sum + cpuMs, 0)),
    errors: all.reduce((sum, { errors }) => sum + errors, 0),
  };
}
