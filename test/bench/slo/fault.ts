import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../../src/client/api-client.ts';
import type { LadderStage } from '../../support/ladder-stage.ts';
import type { PrometheusFigures } from './prometheus-figures.ts';
import type { Figure } from './verdict.ts';
import type { Visitor } from './visitor.ts';
import type { WatchedBroadcast } from './watched-broadcast.ts';

/** Where faults happen. */
export interface Scene {
  readonly stage: LadderStage;
  readonly api: Pick<ApiClient, 'showStream'>;
  readonly broadcasts: readonly WatchedBroadcast[];
  /** Of all broadcasts, also those who have left. */
  readonly visitors: readonly Visitor[];
  readonly metrics: () => Promise<PrometheusFigures>;
}

export interface Fault {
  readonly name: string;
  /** Whom it hits. */
  readonly channel: string;
  /** Lets it happen, and tells what came of it when that has settled. */
  readonly happen: (scene: Scene, hit: WatchedBroadcast) => Promise<Figure[]>;
}

/** Longer than any gap takes to be listed, and whoever was away to be back. */
const settleMs = 8000;

export function settled(): Promise<void> {
  return delay(settleMs);
}

/** What a fault did to the broadcast it hit, and to all others: nothing. */
export async function injected({ channel, happen }: Fault, scene: Scene): Promise<Figure[]> {
  const hit = scene.broadcasts.find((broadcast) => broadcast.channel === channel)!;
  const others = scene.broadcasts.filter((broadcast) => broadcast !== hit);
  const ofOthers = async () => ({
    breaks: sum(others.map(({ breaks }) => breaks)),
    staleMs: sum(others.map(({ freshness }) => freshness.staleMs)),
    threads: (await scene.metrics()).sum('thread_restarts_total'),
    errors: sum(scene.visitors.map(({ errors }) => errors)),
  });
  const before = await ofOthers();
  const figures = await happen(scene, hit);
  const after = await ofOthers();
  return [
    ...figures,
    { name: 'gaps and discontinuities of other broadcasts', value: after.breaks - before.breaks, most: 0 },
    { name: 'other broadcasts not fresh, ms', value: Math.round(after.staleMs - before.staleMs), most: 0 },
    { name: 'errors of viewers', value: after.errors - before.errors, most: 0 },
    { name: 'threads that died', value: after.threads - before.threads, most: 0 },
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
