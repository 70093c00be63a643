import { createServer } from 'node:http';
import { systemClock } from '../../../src/base/clock.ts';
import { Delivery } from '../../../src/delivery/delivery.ts';
import { PlaybackServer } from '../../../src/delivery/fast-lane/playback-server.ts';
import { createPlaybackListener, viewerServerOptions } from '../../../src/delivery/http-server.ts';
import { Feeder } from '../../delivery/feeder.ts';

/*
 * A process that only delivers, and whose heap can be looked into: a window of hand-made parts of about 28 kB behind the fast lane,
 * which grows by one part when ordered. Usage: node --expose-gc waiting-process.ts PORT, with a channel.
 */

export type WaitingOrder = 'part' | 'look';

export interface WaitingLook {
  readonly connections: number;
  /** After garbage collection. */
  readonly heapBytes: number;
  /** Buffers outside of the heap. */
  readonly externalBytes: number;
}

const partBytes = 28_000;
const partsPerSegment = 4;

async function serve(port: number): Promise<void> {
  const delivery = new Delivery({ clock: systemClock });
  const feeder = new Feeder((message) => delivery.apply(message), { availabilityStartMs: Date.now() - 60_000 });
  const video = feeder.video();
  for (let count = 0; count < 12; count++) video.segment({ partBytes });
  video.open();
  video.part({ partBytes });
  const full = createServer(
    viewerServerOptions,
    createPlaybackListener(delivery, (_, response) => response.writeHead(404).end(), { clock: systemClock }),
  );
  const listen = { host: '127.0.0.1', port };
  const server = new PlaybackServer({ listen, delivery, full, clock: systemClock, maxConnections: 20_000 });
  await server.start();
  process.once('disconnect', () => process.exit());
  process.on('message', (order: WaitingOrder) => {
    if (order === 'look') process.send?.(look(server));
    else {
      if (video.index === partsPerSegment) {
        video.close();
        video.open();
      }
      video.part({ partBytes });
    }
  });
  process.send?.('listening');
}

function look(server: PlaybackServer): WaitingLook {
  if (globalThis.gc === undefined) throw new Error('--expose-gc is wanted');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed: heapBytes, external: externalBytes } = process.memoryUsage();
  return { connections: server.stats().connections, heapBytes, externalBytes };
}

await serve(Number(process.argv[2]));
