import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { HlsViewer } from '../../src/load/hls-viewer.ts';
import type { LoadFigures } from '../../src/load/load-figures.ts';
import type { ViewerConnection } from '../../src/load/viewer-connection.ts';
import { ViewerCrowd } from '../../src/load/viewer-crowd.ts';
import type { Visit } from './audience-ledger.ts';
import { AudienceReports } from './audience-reports.ts';
import { AudienceViewer } from './audience-viewer.ts';
import { type Crowding, type Door, visitorOf } from './audience-visitors.ts';

/*
 * Viewers that come by one door, in a process of their own. This file is both ends: forked, it watches; imported, it starts and orders
 * that process.
 */

export interface AudienceProcessOptions {
  readonly door: Door;
  readonly crowding: Crowding;
  readonly playlistUrl: string;
  /** What players say that they watch. */
  readonly contentId: string;
}

/** `overMs`: they come, or go, evenly within this time. */
type Order =
  | { readonly order: 'arrive'; readonly count: number; readonly overMs: number }
  | { readonly order: 'leave'; readonly told: number; readonly silent: number; readonly overMs: number }
  | { readonly order: 'take' | 'visits' | 'stop' };
type Answer = { readonly done: true } | { readonly figures: LoadFigures } | { readonly visits: VisitsTaken };

export interface VisitsTaken {
  readonly visits: readonly Visit[];
  readonly reportsFailed: number;
}

export class AudienceProcess {
  /** Rejects when the process ends on its own. */
  readonly broken: Promise<never>;
  private readonly child: ChildProcess;
  private isStopping = false;

  constructor(options: AudienceProcessOptions) {
    this.child = fork(import.meta.filename, [JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.broken = once(this.child, 'exit').then(([code]) => {
      if (this.isStopping) return new Promise<never>(() => undefined);
      throw new Error(`a process of viewers ended with ${code}`);
    });
    this.broken.catch(() => undefined); // told to whoever waits for it
  }

  /** Resolves when the last has set out. */
  async arrive(count: number, overMs: number): Promise<void> {
    await this.ask({ order: 'arrive', count, overMs });
  }

  /** Resolves when the last is gone. */
  async leave(told: number, silent: number, overMs: number): Promise<void> {
    await this.ask({ order: 'leave', told, silent, overMs });
  }

  /** What viewers have met since it was asked last; errors and stalls since the beginning. */
  async take(): Promise<LoadFigures> {
    const answer = await this.ask({ order: 'take' });
    return (answer as { readonly figures: LoadFigures }).figures;
  }

  async visits(): Promise<VisitsTaken> {
    const answer = await this.ask({ order: 'visits' });
    return (answer as { readonly visits: VisitsTaken }).visits;
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    if (this.child.connected) this.child.send({ order: 'stop' } satisfies Order);
    else this.child.kill();
    await exited;
  }

  private async ask(order: Order): Promise<Answer> {
    const answered = once(this.child, 'message') as Promise<[Answer]>;
    this.child.send(order);
    const [answer] = await Promise.race([answered, this.broken]);
    return answer;
  }
}

/** Who is there, and who was. */
class Presence {
  private readonly options: AudienceProcessOptions;
  private readonly crowd: ViewerCrowd;
  private readonly reports: AudienceReports;
  private readonly viewers: AudienceViewer[] = [];
  private readonly present = new Map<AudienceViewer, ViewerConnection>();

  constructor(options: AudienceProcessOptions) {
    const { playlistUrl, contentId } = options;
    this.options = options;
    const numbers = { first: 0, step: 1, count: 0 };
    this.crowd = new ViewerCrowd({ kind: 'hls', playlistUrls: [playlistUrl], numbers, arrivalEveryMs: 0 });
    this.reports = new AudienceReports(new URL('/cmcd', playlistUrl), contentId);
    this.crowd.beginMeasuring();
  }

  async arrive(count: number, overMs: number): Promise<void> {
    const { door, crowding } = this.options;
    await evenly(count, overMs, () => {
      const visitor = visitorOf(this.viewers.length, door, crowding);
      const player = new HlsViewer(this.crowd.renditions[0]!);
      const viewer = new AudienceViewer(visitor, player, (told) => this.reports.tell(told.visitor, 'playing'));
      this.viewers.push(viewer);
      this.present.set(viewer, this.crowd.arrive(viewer, visitor.headers, performance.now()));
    });
  }

  /** Those that have been here longest; only who reports can say that it leaves. */
  async leave(told: number, silent: number, overMs: number): Promise<void> {
    const present = [...this.present.keys()];
    const telling = present.filter(({ visitor }) => visitor.kind === 'reporting').slice(0, told);
    const isTelling = new Set(telling);
    const others = present.filter((viewer) => !isTelling.has(viewer)).slice(0, silent + told - telling.length);
    const leavers = [...telling, ...others];
    await evenly(leavers.length, overMs, (index) => {
      const viewer = leavers[index]!;
      viewer.leave(isTelling.has(viewer));
      if (isTelling.has(viewer)) this.reports.tell(viewer.visitor, 'quit');
      this.crowd.depart(this.present.get(viewer)!);
      this.present.delete(viewer);
    });
  }

  take(): LoadFigures {
    const figures = structuredClone(this.crowd.figures());
    this.crowd.beginMeasuring();
    return figures;
  }

  visits(): VisitsTaken {
    return { visits: this.viewers.flatMap((viewer) => viewer.visit() ?? []), reportsFailed: this.reports.failed };
  }

  stop(): void {
    this.crowd.stop();
    this.reports.close();
  }
}

const stepMs = 20;

/** Does something `count` times within `overMs`, in small steps. */
async function evenly(count: number, overMs: number, work: (index: number) => void): Promise<void> {
  const beganMs = performance.now();
  for (let index = 0; index < count; ) {
    const due = Math.ceil((count * (performance.now() - beganMs)) / Math.max(1, overMs));
    while (index < Math.min(count, due)) work(index++);
    if (index < count) await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
}

function watch(options: AudienceProcessOptions): void {
  const presence = new Presence(options);
  const send = (answer: Answer) => process.send?.(answer);
  process.once('disconnect', () => process.exit());
  process.on('message', async (order: Order) => {
    switch (order.order) {
      case 'arrive':
        await presence.arrive(order.count, order.overMs);
        return send({ done: true });
      case 'leave':
        await presence.leave(order.told, order.silent, order.overMs);
        return send({ done: true });
      case 'take':
        return send({ figures: presence.take() });
      case 'visits':
        return send({ visits: presence.visits() });
      case 'stop':
        presence.stop();
        process.disconnect();
    }
  });
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  watch(JSON.parse(process.argv[2] ?? '') as AudienceProcessOptions);
}
