import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../base/clock.ts';
import { Delivery } from '../delivery/delivery.ts';
import { SlabTable } from '../stream/slab-table.ts';
import type { DeliveryCalls, DeliveryReports, DeliveryWorkerData } from './delivery-calls.ts';
import { DeliverySide } from './delivery-side.ts';
import { forwardingLog } from './forwarded-log.ts';
import { ThreadLink } from './thread-link.ts';
import { messageFromWire, snapshotFromWire } from './wire-feed.ts';

/* A delivery thread: viewers' sockets, and windows of its own that are fed by control. It waits for nobody. */

const { logLevel, ...options } = workerData as DeliveryWorkerData;
const methods: DeliveryCalls = {
  start: () => side.start(),
  stop: () => side.stop(),
  setReady: (isReady) => side.setReady(isReady),
  setCertificate: (pair) => side.setCertificate(pair),
  setLogLevel: (level) => {
    log.level = level;
  },
  slabOpened: (id, buffer) => table.slabOpened(id, buffer),
  slabSealed: (id) => table.slabSealed(id),
  feed: (messages) => {
    for (const message of messages) delivery.apply(messageFromWire(message, table));
  },
  restore: (snapshots) => {
    for (const snapshot of snapshots) delivery.restore(snapshotFromWire(snapshot, table));
  },
};
const link = new ThreadLink<DeliveryReports>(parentPort!, methods);
const table = new SlabTable((id) => link.tell('slabUnused', id));
const delivery = new Delivery({ clock: systemClock, memory: table });
const log = forwardingLog(logLevel, (line) => link.tell('log', line));
const side = new DeliverySide(options, delivery, {
  figures: (figures) => link.tell('figures', figures),
  log,
});
