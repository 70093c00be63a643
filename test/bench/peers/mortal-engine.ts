import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import pino from 'pino';
import { buildConfig } from '../../../src/config/load.ts';
import type { DeliveryThreads } from '../../../src/threads/delivery-threads.ts';
import { createEngine } from '../../../src/threads/engine.ts';
import { unheardViewers } from '../../support/viewer-events.ts';
import type { Peer } from './peer.ts';
import { freePorts } from './server-process.ts';

/*
 * The threads of the server without store and API, in a process where a delivery thread can be killed: nothing from outside can do that to
 * the server itself. This file is both ends: forked, it serves; imported, it starts and orders that process.
 */

type Order = 'kill-delivery';
/** How many threads were replaced so far. */
type Told = { readonly restarts: number };

export interface MortalEngine extends Peer {
  /** Ends one delivery thread as a crash would; resolves when another has taken its place. */
  killDelivery(): Promise<void>;
}

const deliveryThreads = 2;

export async function startMortalEngine(signal: AbortSignal): Promise<MortalEngine> {
  const [rtmpPort = 0, httpPort = 0] = await freePorts(2);
  const child = fork(import.meta.filename, [String(rtmpPort), String(httpPort)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message', { signal });
  return {
    pid: child.pid ?? 0,
    publishUrl: (index) => `rtmp://127.0.0.1:${rtmpPort}/live/bench${index}`,
    playlistUrl: (index) => `http://127.0.0.1:${httpPort}/hls/bench${index}/source/index.m3u8`,
    killDelivery: async () => {
      const replaced = once(child, 'message', { signal });
      child.send('kill-delivery' satisfies Order);
      await replaced;
    },
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}

async function serve(rtmpPort: number, httpPort: number): Promise<void> {
  const flagValues = { 'http.listen': `127.0.0.1:${httpPort}`, 'rtmp.listen': `127.0.0.1:${rtmpPort}` };
  const { config } = buildConfig({ flag: undefined, env: {}, cwd: '/', flagValues }, undefined);
  const { hls, rtmp, http, ladder } = config;
  const nothing = () => {};
  const engine = createEngine(
    {
      threads: deliveryThreads,
      media: {
        hls,
        rtmp,
        ladder: { ...ladder, mode: 'off' },
        calibrationPath: '/nowhere',
        restored: [],
        memoryBudgetBytes: 1 << 30,
        logLevel: 'fatal',
      },
      delivery: { listen: http.listen, maxConnections: 20_000, maxPerIp: 0 },
    },
    {
      log: pino({ level: 'silent' }),
      authorizePublish: ({ streamName }) => ({ allowed: true, grant: { channel: streamName } }),
      facts: nothing,
      figures: nothing,
      viewerEvents: unheardViewers,
      records: {
        created: nothing,
        started: nothing,
        interrupted: nothing,
        resumed: nothing,
        replaced: nothing,
        refused: nothing,
        warned: nothing,
        ladderChanged: nothing,
        reached: nothing,
        ended: nothing,
        saveContinuity: nothing,
      },
    },
  );
  const crew = engine.delivery as DeliveryThreads;
  await crew.start();
  await engine.media.start();
  crew.setReadiness('ready');
  const tell = () => process.send?.({ restarts: crew.restarts } satisfies Told);
  process.once('disconnect', () => process.exit());
  process.on('message', (order: Order) => {
    if (order === 'kill-delivery') void crew.threads[0]?.kill().then(tell);
  });
  tell();
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  await serve(Number(process.argv[2]), Number(process.argv[3]));
}
