import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type LoadFigures, mergeFigures } from '../../../src/load/load-figures.ts';
import type { ViewerKind } from '../../../src/load/viewer-crowd.ts';
import { LoadProcess } from './load-process.ts';

export interface LoadGroupOptions {
  readonly kind: ViewerKind;
  readonly playlistUrls: readonly string[];
  readonly viewers: number;
  /** All viewers arrive evenly within this time. */
  readonly rampMs: number;
}

const viewersPerProcess = 5000;

/**
 * Viewers over as many processes as they need. The system chooses their ports: there are some 28,000 to one address of a server, and
 * to bind sockets to addresses of ours would have it search for free ones ever longer.
 */
export class LoadGroup {
  private readonly processes: readonly LoadProcess[];

  /** Throws when a process may not open as many sockets as it needs. */
  constructor({ kind, playlistUrls, viewers, rampMs }: LoadGroupOptions) {
    const count = Math.ceil(viewers / viewersPerProcess);
    requireOpenFiles(Math.ceil(viewers / count) + 100);
    this.processes = Array.from({ length: count }, (_, index) => {
      const numbers = { first: index, step: count, count: Math.ceil((viewers - index) / count) };
      return new LoadProcess({ kind, playlistUrls, numbers, arrivalEveryMs: rampMs / viewers });
    });
  }

  get processCount(): number {
    return this.processes.length;
  }

  /** Resolves when `count` viewers play, or at `timeoutMs`: who does not play is told by the figures. */
  async untilPlaying(count: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    const playing = () => this.processes.reduce((sum, process) => sum + process.playing, 0);
    while (playing() < count && performance.now() < deadlineMs) await this.wait(100, signal);
  }

  begin(): void {
    for (const process of this.processes) process.begin();
  }

  async end(): Promise<LoadFigures> {
    return mergeFigures(await Promise.all(this.processes.map((process) => process.end())));
  }

  /** Rejects when one of the processes ends meanwhile. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    await Promise.race([delay(ms, undefined, { signal }), ...this.processes.map(({ broken }) => broken)]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
  }
}

/** Throws with the remedy when a process may open fewer files. */
export function requireOpenFiles(wanted: number): void {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  if (limit !== undefined && Number(limit) < wanted) {
    throw new Error(`a process may open ${limit} files, and ${wanted} are needed: ulimit -n ${wanted}`);
  }
}
