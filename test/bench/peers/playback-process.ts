import { once } from 'node:events';
import { createServer } from 'node:http';
import { systemClock } from '../../../src/base/clock.ts';
import { Delivery } from '../../../src/delivery/delivery.ts';
import { PlaybackServer } from '../../../src/delivery/fast-lane/playback-server.ts';
import { createPlaybackListener, viewerServerOptions } from '../../../src/delivery/http-server.ts';
import { ViewerEventWriter } from '../../../src/delivery/viewer-events/event-writer.ts';
import { Feeder } from '../../delivery/feeder.ts';

/*
 * A process that only delivers: a window of hand-made segments of about 300 kB, behind the fast lane or behind node:http.
 * Usage: node playback-process.ts fast-lane|node-http PORT
 */

const [kind, portText] = process.argv.slice(2);
const port = Number(portText);

const delivery = new Delivery({ clock: systemClock });
const feeder = new Feeder((message) => delivery.apply(message), { availabilityStartMs: Date.now() - 60_000 });
const video = feeder.video();
// As in the server, where another thread reads what viewers did.
const events: ViewerEventWriter = new ViewerEventWriter(systemClock.wallMs, ({ memory }) => events.giveBack(memory));
delivery.observe(events);
setInterval(() => events.flush(), 1000).unref();
for (let count = 0; count < 6; count++) video.segment({ partBytes: 75_000 });

const full = createServer(
  viewerServerOptions,
  createPlaybackListener(delivery, (_, response) => response.writeHead(404).end(), { clock: systemClock }),
);
if (kind === 'fast-lane') {
  const listen = { host: '127.0.0.1', port };
  await new PlaybackServer({ listen, delivery, full, clock: systemClock, maxConnections: 10_000 }).start();
} else {
  full.listen({ host: '127.0.0.1', port, backlog: 4096 });
  await once(full, 'listening');
}
