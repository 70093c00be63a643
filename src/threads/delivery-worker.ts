import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../base/clock.ts';
import { collectGarbage } from '../base/garbage.ts';
import { Delivery } from '../delivery/delivery.ts';
import type { DeliveryCalls, DeliveryReports, DeliveryWorkerData } from './delivery-calls.ts';
import { DeliverySide } from './delivery-side.ts';
import { FeedInput } from './feed-input.ts';
import { forwardingLog } from './forwarded-log.ts';
import { ThreadLink } from './thread-link.ts';

/* A delivery thread: viewers' sockets, and windows of its own that the media thread feeds. It waits for nobody. */

const { logLevel, ...options } = workerData as DeliveryWorkerData;
const methods: DeliveryCalls = {
  start: (descriptors) => side.start(descriptors),
  stop: () => side.stop(),
  setReadiness: (readiness) => side.setReadiness(readiness),
  eventsRead: (memory) => side.eventsRead(memory),
  setPlayback: (settings) => side.setPlayback(settings),
  setCertificate: (pair) => side.setCertificate(pair),
  setLogLevel: (level) => {
    log.level = level;
  },
  feedFrom: (port) => input.from(port, delivery),
  continuities: () => input.continuities(delivery),
};
const link = new ThreadLink<DeliveryReports>(parentPort!, methods);
const input = new FeedInput();
const delivery = new Delivery({
  clock: systemClock,
  memory: input.table,
  onWanted: (streamId, rendition) => input.wanted(streamId, rendition),
});
const log = forwardingLog(logLevel, (line) => link.tell('log', line));
const side = new DeliverySide(options, delivery, {
  figures: (figures) => link.tell('figures', figures),
  viewerEvents: (batch) => link.tellWith([batch.memory], 'viewerEvents', batch),
  log,
});
collectGarbage();
