import { setTimeout as delay } from 'node:timers/promises';
import { type LoadFigures, mergeFigures } from '../../src/load/load-figures.ts';
import { AudienceLedger } from './audience-ledger.ts';
import { AudienceProcess } from './audience-process.ts';
import type { Crowding, Door } from './audience-visitors.ts';

/** Viewers of one broadcast, half by each door, and a population that can be changed. */
export class AudienceCrowd {
  population = 0;
  private readonly processes: readonly AudienceProcess[];

  /** `playlistUrl`: on 127.0.0.1, which the server takes for a proxy; [::1] reaches the same server straight. */
  constructor(playlistUrl: string, contentId: string, crowding: Crowding) {
    const direct = new URL(playlistUrl);
    direct.hostname = '[::1]';
    const urls: Readonly<Record<Door, string>> = { direct: direct.href, proxied: playlistUrl };
    this.processes = (['direct', 'proxied'] as const).map(
      (door) => new AudienceProcess({ door, crowding, playlistUrl: urls[door], contentId }),
    );
  }

  /** Resolves when the last is there, or gone. Of those who leave, as many as `told` say so first; all those come by one door. */
  async reach(population: number, overMs: number, told = 0): Promise<void> {
    const change = population - this.population;
    const [direct, proxied] = this.processes as [AudienceProcess, AudienceProcess];
    const ofDirect = Math.ceil(population / 2) - Math.ceil(this.population / 2);
    const ofProxied = change - ofDirect;
    this.population = population;
    if (change >= 0) await Promise.all([direct.arrive(ofDirect, overMs), proxied.arrive(ofProxied, overMs)]);
    else {
      const tellers = Math.min(told, -ofDirect);
      await Promise.all([direct.leave(tellers, -ofDirect - tellers, overMs), proxied.leave(0, -ofProxied, overMs)]);
    }
  }

  /** What all have met since it was asked last. */
  async take(): Promise<LoadFigures> {
    return mergeFigures(await Promise.all(this.processes.map((process) => process.take())));
  }

  async ledger(): Promise<{ readonly ledger: AudienceLedger; readonly reportsFailed: number }> {
    const taken = await Promise.all(this.processes.map((process) => process.visits()));
    return {
      ledger: new AudienceLedger(taken.flatMap(({ visits }) => visits)),
      reportsFailed: taken.reduce((sum, { reportsFailed }) => sum + reportsFailed, 0),
    };
  }

  /** Rejects when one of the processes ends meanwhile. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (ms > 0) await Promise.race([delay(ms, undefined, { signal }), ...this.processes.map(({ broken }) => broken)]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
  }
}
