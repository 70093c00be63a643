import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { LoadFigures } from '../../../src/load/load-figures.ts';
import { type CrowdOptions, ViewerCrowd } from '../../../src/load/viewer-crowd.ts';

/*
 * Viewers in a process of their own, so that what they use is not counted for the server. This file is both ends: forked, it
 * watches; imported, it starts and stops that process.
 */

type Order = 'begin' | 'end' | 'stop';
type Message = { readonly playing: number } | { readonly figures: LoadFigures };

/** How often a process says how many of its viewers play, until measuring begins. */
const tellMs = 250;

/** Ends with the bench, also when that is killed: the channel between them closes. */
export class LoadProcess {
  playing = 0;
  /** Rejects when the process ends on its own. */
  readonly broken: Promise<never>;
  private readonly child: ChildProcess;
  private readonly figures = Promise.withResolvers<LoadFigures>();
  private isStopping = false;

  constructor(options: CrowdOptions) {
    this.child = fork(import.meta.filename, [JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.child.on('message', (message: Message) => {
      if ('playing' in message) this.playing = message.playing;
      else this.figures.resolve(message.figures);
    });
    this.broken = once(this.child, 'exit').then(([code]) => {
      const error = new Error(`a process of viewers ended with ${code}`);
      this.figures.reject(error);
      if (this.isStopping) return new Promise<never>(() => undefined);
      throw error;
    });
    this.broken.catch(() => undefined); // told to whoever waits for it
    this.figures.promise.catch(() => undefined);
  }

  begin(): void {
    this.child.send('begin' satisfies Order);
  }

  end(): Promise<LoadFigures> {
    this.child.send('end' satisfies Order);
    return this.figures.promise;
  }

  /** Resolves when its sockets are closed. May be called twice. */
  async stop(): Promise<void> {
    this.isStopping = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    if (this.child.connected) this.child.send('stop' satisfies Order);
    else this.child.kill();
    await exited;
  }
}

function watch(options: CrowdOptions): void {
  const crowd = new ViewerCrowd(options);
  const send = (message: Message) => process.send?.(message);
  const teller = setInterval(() => send({ playing: crowd.playing }), tellMs);
  process.once('disconnect', () => process.exit());
  process.on('message', (order: Order) => {
    if (order === 'begin') {
      clearInterval(teller);
      crowd.beginMeasuring();
    } else if (order === 'end') send({ figures: crowd.figures() });
    else {
      clearInterval(teller);
      crowd.stop();
      process.disconnect();
    }
  });
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  watch(JSON.parse(process.argv[2] ?? '') as CrowdOptions);
}
