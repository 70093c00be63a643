import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { collectGarbage } from '../base/garbage.ts';
import type { StreamRecorder } from '../pipeline/stream-records.ts';
import { forwardingLog } from './forwarded-log.ts';
import type { MediaCalls, MediaReports, MediaWorkerData } from './media-calls.ts';
import { MediaSide } from './media-side.ts';
import { PortReader } from './port-reader.ts';
import { ThreadLink } from './thread-link.ts';

/* The media thread: publishers' sockets, stream core, packager. It waits for nobody. */

const { logLevel, ...options } = workerData as MediaWorkerData;
const methods: MediaCalls = {
  start: (readers, handed) => {
    for (const port of readers) attach(port);
    return side.start(handed);
  },
  attach,
  stop: () => side.stop(),
  announce: (announcement) => side.announce(announcement),
  stopStream: (streamId) => side.stopStream(streamId),
  endByKey: (keyId) => side.endByKey(keyId),
  changePolicy: (keyId, policy) => side.changePolicy(keyId, policy),
  setCertificate: (pair) => side.setCertificate(pair),
  setLogLevel: (level) => {
    log.level = level;
  },
};
const link = new ThreadLink<MediaReports>(parentPort!, methods);

function attach(port: MessagePort): void {
  side.attach((hub) => new PortReader(hub, port));
}

function recorder<Name extends keyof StreamRecorder>(name: Name) {
  return (...args: Parameters<StreamRecorder[Name]>) => link.tell('record', name, args);
}

const log = forwardingLog(logLevel, (line) => link.tell('log', line));
const side = new MediaSide(options, {
  authorizePublish: (attempt) => link.call('authorizePublish', attempt),
  facts: (facts) => link.tell('facts', facts),
  figures: (figures) => link.tell('figures', figures),
  records: {
    created: recorder('created'),
    started: recorder('started'),
    interrupted: recorder('interrupted'),
    resumed: recorder('resumed'),
    replaced: recorder('replaced'),
    refused: recorder('refused'),
    warned: recorder('warned'),
    ladderChanged: recorder('ladderChanged'),
    reached: recorder('reached'),
    ended: recorder('ended'),
    saveContinuity: recorder('saveContinuity'),
  },
  log,
});
collectGarbage();
