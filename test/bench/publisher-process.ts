import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/base/clock.ts';
import { loadClip } from '../../src/publisher/flv-clip.ts';
import { parsePublishUrl } from '../../src/publisher/publish-url.ts';
import { PublisherGroup } from '../../src/publisher/publisher-group.ts';

/*
 * Publishers in a process of their own, so that what they use is not counted for the server. This file is both ends:
 * forked, it publishes; imported, it starts and stops that process.
 */

interface Orders {
  readonly clipFile: string;
  readonly urls: readonly string[];
  readonly chunkSizeBytes: number;
  /** Between the beginnings of two publishers, so that their keyframes do not coincide. */
  readonly staggerMs: number;
}

export interface PublisherReport {
  /** Publishers that were refused or broke off. */
  readonly lost: number;
  readonly videoFrames: number;
  readonly bytes: number;
  readonly maxLateMs: number;
}

type Message = { readonly live: number } | { readonly report: PublisherReport };

/** Ends with the bench, also when that is killed: the channel between them closes. */
export class PublisherProcess {
  private readonly child: ChildProcess;
  private readonly report = Promise.withResolvers<PublisherReport>();
  private live = 0;

  constructor(orders: Orders) {
    this.child = fork(import.meta.filename, [JSON.stringify(orders)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (message: Message) => {
      if ('live' in message) this.live = message.live;
      else this.report.resolve(message.report);
    });
    this.child.once('exit', (code) => this.report.reject(new Error(`the publishers' process ended with ${code}`)));
    this.report.promise.catch(() => undefined); // told to whoever calls stop()
  }

  async untilLive(count: number, signal: AbortSignal): Promise<void> {
    while (this.live < count) await delay(50, undefined, { signal });
  }

  async stop(): Promise<PublisherReport> {
    if (this.child.connected) this.child.send('stop');
    try {
      return await this.report.promise;
    } finally {
      if (this.child.exitCode === null && this.child.signalCode === null) {
        this.child.kill();
        await once(this.child, 'exit');
      }
    }
  }
}

async function publishAll({ clipFile, urls, chunkSizeBytes, staggerMs }: Orders): Promise<void> {
  const stop = new AbortController();
  process.once('message', () => stop.abort());
  process.once('disconnect', () => process.exit());
  const send = (message: Message) => process.send?.(message);
  let live = 0;
  const group = new PublisherGroup({
    clip: await loadClip(clipFile),
    urls: urls.map(parsePublishUrl),
    clock: systemClock,
    loop: true,
    chunkSizeBytes,
    staggerMs,
    onLive: () => send({ live: ++live }),
  });
  const failures = await group.run(stop.signal);
  if (failures[0] !== undefined) process.stderr.write(`publishers were lost: ${failures[0].error.message}\n`);
  const { videoFrames, bytes, maxLateMs } = group.stats();
  send({ report: { lost: failures.length, videoFrames, bytes, maxLateMs } });
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  await publishAll(JSON.parse(process.argv[2] ?? '') as Orders);
}
