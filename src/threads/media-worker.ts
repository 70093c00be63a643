import { parentPort, workerData } from 'node:worker_threads';
import type { StreamRecorder } from '../pipeline/stream-records.ts';
import { forwardingLog } from './forwarded-log.ts';
import type { MediaCalls, MediaReports, MediaWorkerData } from './media-calls.ts';
import { MediaSide } from './media-side.ts';
import { ThreadLink } from './thread-link.ts';
import { messageToWire, type WireMessage } from './wire-feed.ts';

/* The media thread: publishers' sockets, stream core, packager. It waits for nobody. */

const { logLevel, ...options } = workerData as MediaWorkerData;
const methods: MediaCalls = {
  start: () => side.start(),
  stop: () => side.stop(),
  slabsFreed: (ids) => side.slabsFreed(ids),
  stopStream: (streamId, reason) => side.stopStream(streamId, reason),
  endByKey: (keyId) => side.endByKey(keyId),
  setCertificate: (pair) => side.setCertificate(pair),
  setLogLevel: (level) => {
    log.level = level;
  },
};
const link = new ThreadLink<MediaReports>(parentPort!, methods);

/** What one turn of the event loop brings goes out together. */
let batch: WireMessage[] = [];
function flush(): void {
  if (batch.length === 0) return;
  const messages = batch;
  batch = [];
  link.tell('feed', messages);
}

function recorder<Name extends keyof StreamRecorder>(name: Name) {
  return (...args: Parameters<StreamRecorder[Name]>) => link.tell('record', name, args);
}

const log = forwardingLog(logLevel, (line) => link.tell('log', line));
const side = new MediaSide(options, {
  slabOpened: (id, buffer) => {
    flush();
    link.tell('slabOpened', id, buffer);
  },
  slabSealed: (id) => {
    flush();
    link.tell('slabSealed', id);
  },
  feed: (message) => {
    if (batch.length === 0) queueMicrotask(flush);
    batch.push(messageToWire(message, side.rangeOf));
  },
  authorizePublish: (attempt) => link.call('authorizePublish', attempt),
  facts: (facts) => link.tell('facts', facts),
  figures: (figures) => link.tell('figures', figures),
  records: {
    created: recorder('created'),
    started: recorder('started'),
    interrupted: recorder('interrupted'),
    resumed: recorder('resumed'),
    replaced: recorder('replaced'),
    warned: recorder('warned'),
    ended: recorder('ended'),
    saveContinuity: recorder('saveContinuity'),
  },
  log,
});
